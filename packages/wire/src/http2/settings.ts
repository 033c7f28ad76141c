import { ErrorCode, maxMaxFrameSize, maxWindow, minMaxFrameSize, Setting } from "./constants.js";
import { ConnectionFault } from "./error.js";

/** What one end announced, RFC 9113 §6.5.2. */
export interface Settings {
  headerTableSize: number;
  enablePush: boolean;
  maxConcurrentStreams: number;
  initialWindowSize: number;
  maxFrameSize: number;
  maxHeaderListSize: number;
}

/** What holds before the first SETTINGS frame, RFC 9113 §6.5.2. */
export function initialSettings(): Settings {
  return {
    headerTableSize: 4096,
    enablePush: true,
    maxConcurrentStreams: Number.POSITIVE_INFINITY,
    initialWindowSize: 65535,
    maxFrameSize: minMaxFrameSize,
    maxHeaderListSize: Number.POSITIVE_INFINITY,
  };
}

/** The payload of a SETTINGS frame from identifiers and values. */
export function formatSettings(entries: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(entries.length * 6);
  entries.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, i * 6);
    payload.writeUInt32BE(value, i * 6 + 2);
  });
  return payload;
}

/**
 * Applies the payload of a SETTINGS frame. Unknown identifiers are ignored, as RFC 9113 §6.5.2 demands.
 * Throws ConnectionFault for a length that is no multiple of six and for values out of range.
 */
export function applySettings(into: Settings, bytes: Buffer, start: number, end: number): void {
  if ((end - start) % 6 !== 0) {
    throw new ConnectionFault(ErrorCode.frameSizeError, `SETTINGS of ${end - start} bytes is no multiple of six`);
  }
  for (let at = start; at < end; at += 6) {
    const value = bytes.readUInt32BE(at + 2);
    switch (bytes.readUInt16BE(at)) {
      case Setting.headerTableSize:
        into.headerTableSize = value;
        break;
      case Setting.enablePush:
        if (value > 1) throw new ConnectionFault(ErrorCode.protocolError, `SETTINGS_ENABLE_PUSH is ${value}`);
        into.enablePush = value === 1;
        break;
      case Setting.maxConcurrentStreams:
        into.maxConcurrentStreams = value;
        break;
      case Setting.initialWindowSize:
        if (value > maxWindow) {
          throw new ConnectionFault(ErrorCode.flowControlError, `SETTINGS_INITIAL_WINDOW_SIZE is ${value}`);
        }
        into.initialWindowSize = value;
        break;
      case Setting.maxFrameSize:
        if (value < minMaxFrameSize || value > maxMaxFrameSize) {
          throw new ConnectionFault(ErrorCode.protocolError, `SETTINGS_MAX_FRAME_SIZE is ${value}`);
        }
        into.maxFrameSize = value;
        break;
      case Setting.maxHeaderListSize:
        into.maxHeaderListSize = value;
        break;
      default:
        break;
    }
  }
}
