import { ErrorCode, Flag } from "./constants.js";
import { ConnectionFault } from "./error.js";

/** Payloads of frames, RFC 9113 §6: each function checks what the RFC demands and throws ConnectionFault otherwise. */

/** Where the data of a DATA frame begins and ends, padding taken off (§6.1). */
export function unpad(
  flags: number,
  bytes: Buffer,
  start: number,
  end: number,
  what: string,
): [start: number, end: number] {
  if ((flags & Flag.padded) === 0) return [start, end];
  const padding = end > start ? bytes[start]! : 0;
  if (padding >= end - start) {
    throw new ConnectionFault(ErrorCode.protocolError, `${what} has more padding than payload`);
  }
  return [start + 1, end - padding];
}

/** The increment of a WINDOW_UPDATE frame (§6.9). 0 is for the caller to judge: what it means depends on the stream. */
export function readWindowIncrement(bytes: Buffer, start: number, end: number): number {
  if (end - start !== 4) throw new ConnectionFault(ErrorCode.frameSizeError, "WINDOW_UPDATE is not four bytes long");
  return bytes.readUInt32BE(start) & 0x7fffffff;
}

/** The error code of a RST_STREAM frame (§6.4). */
export function readResetCode(bytes: Buffer, start: number, end: number): number {
  if (end - start !== 4) throw new ConnectionFault(ErrorCode.frameSizeError, "RST_STREAM is not four bytes long");
  return bytes.readUInt32BE(start);
}

/** The opaque value of a PING frame (§6.7). */
export function readPing(id: number, bytes: Buffer, start: number, end: number): bigint {
  if (id !== 0) throw new ConnectionFault(ErrorCode.protocolError, "PING on a stream");
  if (end - start !== 8) throw new ConnectionFault(ErrorCode.frameSizeError, "PING is not eight bytes long");
  return bytes.readBigUInt64BE(start);
}

/** A GOAWAY frame (§6.8). */
export interface Goaway {
  readonly lastStreamId: number;
  readonly errorCode: number;
  /** At most 256 bytes of it. */
  readonly debug: string;
}

export function readGoaway(id: number, bytes: Buffer, start: number, end: number): Goaway {
  if (id !== 0) throw new ConnectionFault(ErrorCode.protocolError, "GOAWAY on a stream");
  if (end - start < 8) throw new ConnectionFault(ErrorCode.frameSizeError, "GOAWAY is shorter than eight bytes");
  return {
    lastStreamId: bytes.readUInt32BE(start) & 0x7fffffff,
    errorCode: bytes.readUInt32BE(start + 4),
    debug: bytes.toString("utf8", start + 8, Math.min(end, start + 8 + 256)),
  };
}

export function formatGoaway(lastStreamId: number, errorCode: number, debug: string): Buffer {
  const text = Buffer.from(debug, "utf8");
  const payload = Buffer.allocUnsafe(8 + text.length);
  payload.writeUInt32BE(lastStreamId);
  payload.writeUInt32BE(errorCode, 4);
  text.copy(payload, 8);
  return payload;
}

/** A number as the four-byte payload of RST_STREAM or WINDOW_UPDATE. */
export function formatUint32(value: number): Buffer {
  const payload = Buffer.allocUnsafe(4);
  payload.writeUInt32BE(value);
  return payload;
}
