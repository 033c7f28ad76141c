import type { OnReadOpts, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { ReceiveBuffers } from "./receive-buffers.js";

/**
 * The method of a byte stream that hands what comes to a reader without the machinery of Node's streams. It returns true where a
 * chunk may be overwritten after the next call of `settle`, which comes before other bytes do.
 */
export const readWith: unique symbol = Symbol("readWith");

/** Offers direct reading. */
export type ReadWith = (read: (chunk: Buffer) => void, settle: () => void) => boolean;

/**
 * The option `onread` of `net.connect` for a socket whose bytes one reader may get without new memory for each read. Until
 * it has that reader it is like any other socket: what comes is copied and told as `data`. `bind` is to be called with
 * the socket before anything else.
 */
export function directReading(): { readonly onread: OnReadOpts; bind(socket: Socket): void } {
  const buffers = new ReceiveBuffers();
  let socket: Socket;
  let reader: { readonly read: (chunk: Buffer) => void; readonly settle: () => void } | undefined;
  return {
    onread: {
      buffer: () => buffers.next(),
      callback: (length, bytes) => {
        buffers.read(length);
        const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, length);
        // False makes the socket stop reading until somebody has taken what it holds.
        if (reader === undefined) return socket.push(Buffer.from(chunk));
        reader.settle();
        reader.read(chunk);
        return true;
      },
    },
    bind(bound) {
      socket = bound;
      const value: ReadWith = (read, settle) => {
        reader = { read, settle };
        return true;
      };
      Object.defineProperty(socket, readWith, { value });
    },
  };
}

/**
 * Calls `read` with each chunk that comes. What a chunk has brought is to be left alone once `settle` was called, because it may be
 * overwritten then; several chunks may come between two such calls. Returns false where no chunk is ever overwritten.
 */
export function readFrom(
  stream: Duplex & { [readWith]?: ReadWith },
  read: (chunk: Buffer) => void,
  settle: () => void,
): boolean {
  const overwrites = stream[readWith]?.(read, settle) ?? false;
  // What came before it had a reader comes as an event in any case.
  stream.on("data", (chunk: Buffer) => {
    settle();
    read(chunk);
  });
  return overwrites;
}
