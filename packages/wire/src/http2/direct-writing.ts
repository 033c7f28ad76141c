import { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** The method of a byte stream that offers a {@link ByteWriter} of its own; `onDrain` takes the place of its event `drain`. */
export const writeWith: unique symbol = Symbol("writeWith");

/** What an output needs of its byte stream; the methods do what those of a Node stream do. */
export interface ByteWriter {
  /** Whether the stream is done with bytes once it says that it has taken them. Else it may have passed them on as they are, to a reader who keeps them. */
  readonly copies: boolean;
  /** Bytes that were written and have not left. */
  readonly writableLength: number;
  /** Bytes are taken in the order in which they were written. */
  write(bytes: Uint8Array, taken?: (error?: Error | null) => void): boolean;
  cork(): void;
  uncork(): void;
}

/** Gives what writes to a byte stream: something of its own where it has that, else the stream itself. */
export function writerOf(
  stream: Duplex & { [writeWith]?: (onDrain: () => void) => ByteWriter },
  onDrain: () => void,
): ByteWriter {
  const own = stream[writeWith]?.(onDrain);
  if (own !== undefined) return own;
  stream.on("drain", onDrain);
  return {
    copies: stream instanceof Socket,
    get writableLength() {
      return stream.writableLength;
    },
    write: (bytes, taken) => stream.write(bytes, taken),
    cork: () => stream.cork(),
    uncork: () => stream.uncork(),
  };
}
