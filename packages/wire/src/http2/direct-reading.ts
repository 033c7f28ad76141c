import type { OnReadOpts, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { ReceiveBuffers } from "./receive-buffers.js";

const readWith = Symbol("readWith");

type Reader = (chunk: Buffer) => void;

/**
 * The option `onread` of `net.connect` for a socket whose bytes one reader may get without new memory for each read. Until
 * it has that reader it is like any other socket: what comes is copied and told as `data`. `bind` is to be called with
 * the socket before anything else.
 */
export function directReading(): { readonly onread: OnReadOpts; bind(socket: Socket): void } {
  const buffers = new ReceiveBuffers();
  let socket: Socket;
  let reader: Reader | undefined;
  return {
    onread: {
      buffer: () => buffers.next(),
      callback: (length, bytes) => {
        buffers.read(length);
        const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, length);
        // False makes the socket stop reading until somebody has taken what it holds.
        if (reader === undefined) return socket.push(Buffer.from(chunk));
        reader(chunk);
        return true;
      },
    },
    bind(bound) {
      socket = bound;
      Object.defineProperty(socket, readWith, { value: (given: Reader) => (reader = given) });
    },
  };
}

/**
 * Calls `reader` with each chunk that comes. Whatever the byte stream, a chunk is to be left alone once the next one has
 * come, because it may be overwritten then.
 */
export function readFrom(stream: Duplex & { [readWith]?: (reader: Reader) => void }, reader: Reader): void {
  stream[readWith]?.(reader);
  // What came before it had a reader comes as an event in any case.
  stream.on("data", reader);
}
