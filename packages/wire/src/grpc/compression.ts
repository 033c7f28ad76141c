import { Code, ConnectError, type ContextKey } from "@connectrpc/connect";
import { builtin } from "../runtime.js";

/** The encodings of messages that are spoken here, as `grpc-encoding` names them. */
export type Compression = "identity" | "gzip";

/** The value of `grpc-accept-encoding`. */
export const acceptedEncodings = "identity,gzip";

/** Compression of one call: what its own messages do, and what the peer's did. See `callCompression`. */
export interface CallCompression {
  /** How messages are sent from now on. Undefined: as the channel's or the server's options say. */
  send?: Compression | undefined;
  /** How the last message that was taken had come; undefined before the first. Written by the call. */
  received?: Compression | undefined;
}

/**
 * The context value that decides about compression message by message. A caller sets it among the `contextValues` of a
 * call; a handler finds it in `context.values` and may change `send` before each answer. A server compresses only for
 * clients that accept gzip, whatever is asked. Default undefined: the options alone decide. It is the same in every copy of
 * this package.
 */
export const callCompression: ContextKey<CallCompression | undefined> = {
  id: Symbol.for("tenon.call-compression"),
  defaultValue: undefined,
};

/** What the options of a channel or server say about sending. */
export interface SendCompression {
  readonly compression: Compression;
  /** Smaller messages are sent as they are, in bytes. */
  readonly minBytes: number;
}

/** How one call sends: what was said for it, and what holds otherwise. */
export interface CallSending {
  readonly call: CallCompression | undefined;
  readonly options: SendCompression;
}

/** A message as it travels. */
export interface Packed {
  readonly bytes: Uint8Array;
  readonly compressed: boolean;
}

/** Up to here the worker threads cost more than they save: 16 KiB take 0.2 ms to compress, 64 KiB 0.2 ms to inflate. */
const maxSyncDeflateBytes = 16 * 1024;
const maxSyncInflateBytes = 64 * 1024;
/** Messages are sent once: the fastest level takes half of the time of the usual one for a tenth more bytes. */
const level = 1;
/** Loaded with the first compressed message: see runtime.ts. */
const zlib = () => builtin("node:zlib");
const inThread = (work: "gzip" | "gunzip") => builtin("node:util").promisify(zlib()[work]);

/**
 * Compresses a message where the call asks for it, or where the options do and it gets smaller; large ones in a thread.
 * What comes back at once may be the bytes that were given: they must be sent before the encoder writes there again.
 */
export function pack(
  bytes: Uint8Array,
  call: CallCompression | undefined,
  options: SendCompression,
): Packed | Promise<Packed> {
  const plain: Packed = { bytes, compressed: false };
  if ((call?.send ?? options.compression) === "identity") return plain;
  const asked = call?.send !== undefined;
  if (!asked && bytes.length < options.minBytes) return plain;
  if (bytes.length <= maxSyncDeflateBytes) {
    const packed = zlib().gzipSync(bytes, { level });
    return asked || packed.length < bytes.length ? { bytes: packed, compressed: true } : plain;
  }
  // The bytes are the encoder's, which writes the next message there.
  const copy = Uint8Array.prototype.slice.call(bytes);
  return inThread("gzip")(copy, { level }).then((packed) =>
    asked || packed.length < copy.length ? { bytes: packed, compressed: true } : { bytes: copy, compressed: false },
  );
}

/**
 * Inflates a compressed message, small ones at once. Stops and fails with RESOURCE_EXHAUSTED as soon as more than
 * `maxBytes` have come out; fails with INTERNAL for what is no gzip.
 */
function inflate(bytes: Uint8Array, maxBytes: number): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>> {
  // The last four bytes announce the size. They may lie: then the bounded attempt fails, and the thread takes over.
  const announced = announcedBytes(bytes);
  if (announced <= Math.min(maxSyncInflateBytes, maxBytes)) {
    try {
      return zlib().gunzipSync(bytes, { chunkSize: Math.max(announced, 64), maxOutputLength: Math.max(announced, 1) });
    } catch (error) {
      if (!isTooLarge(error)) throw inflateError(error, maxBytes);
    }
  }
  const chunkSize = Math.max(maxSyncInflateBytes, Math.min(announced, 16 * maxSyncInflateBytes));
  // What has arrived is overwritten by what comes next.
  return inThread("gunzip")(Uint8Array.prototype.slice.call(bytes), {
    chunkSize,
    maxOutputLength: Math.max(maxBytes, 1),
  }).catch((error: unknown) => {
    throw inflateError(error, maxBytes);
  });
}

/** The trailer of a gzip member ends with the size of what it holds, modulo 2^32 (RFC 1952 §2.3.1). */
function announcedBytes(bytes: Uint8Array): number {
  const at = bytes.length - 4;
  if (at < 14) return 0;
  return new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0, true);
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
}

function inflateError(error: unknown, maxBytes: number): ConnectError {
  return isTooLarge(error)
    ? new ConnectError(
        `a compressed message inflates to more than the limit of ${maxBytes} bytes (maxReceiveMessageBytes)`,
        Code.ResourceExhausted,
      )
    : new ConnectError(
        `protocol error: a compressed message is no gzip: ${String(error)}`,
        Code.Internal,
        undefined,
        undefined,
        error,
      );
}

/** Hands the compressed message `bytes[start..end)` to `use`, inflated, at once or in the promise. */
export function inflateFor<T>(
  bytes: Uint8Array,
  start: number,
  end: number,
  maxBytes: number,
  use: (message: Uint8Array<ArrayBuffer>) => T,
): T | Promise<T> {
  // A copy: what came may be overwritten while a thread still reads it.
  const message = inflate(Uint8Array.prototype.slice.call(bytes, start, end), maxBytes);
  return message instanceof Promise ? message.then(use) : use(message);
}
