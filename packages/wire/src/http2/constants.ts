/** HTTP/2 constants, RFC 9113. Numbers only: what they mean is said where they are used. */

/** The client connection preface, RFC 9113 §3.4. */
export const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

export const frameHeaderBytes = 9;

/** Identifiers that a client has for streams on one connection: the odd ones up to 2^31-1, RFC 9113 §5.1.1. */
export const maxStreamIds = 2 ** 30;

/** Frame types, RFC 9113 §6. */
export const FrameType = {
  data: 0x0,
  headers: 0x1,
  priority: 0x2,
  rstStream: 0x3,
  settings: 0x4,
  pushPromise: 0x5,
  ping: 0x6,
  goaway: 0x7,
  windowUpdate: 0x8,
  continuation: 0x9,
} as const;

/** Frame flags, RFC 9113 §6. */
export const Flag = {
  endStream: 0x1,
  ack: 0x1,
  endHeaders: 0x4,
  padded: 0x8,
  priority: 0x20,
} as const;

/** Settings, RFC 9113 §6.5.2. */
export const Setting = {
  headerTableSize: 0x1,
  enablePush: 0x2,
  maxConcurrentStreams: 0x3,
  initialWindowSize: 0x4,
  maxFrameSize: 0x5,
  maxHeaderListSize: 0x6,
} as const;

/** Error codes, RFC 9113 §7. */
export const ErrorCode = {
  noError: 0x0,
  protocolError: 0x1,
  internalError: 0x2,
  flowControlError: 0x3,
  settingsTimeout: 0x4,
  streamClosed: 0x5,
  frameSizeError: 0x6,
  refusedStream: 0x7,
  cancel: 0x8,
  compressionError: 0x9,
  connectError: 0xa,
  enhanceYourCalm: 0xb,
  inadequateSecurity: 0xc,
  http11Required: 0xd,
} as const;

const errorNames = new Map<number, string>([
  [0x0, "NO_ERROR"],
  [0x1, "PROTOCOL_ERROR"],
  [0x2, "INTERNAL_ERROR"],
  [0x3, "FLOW_CONTROL_ERROR"],
  [0x4, "SETTINGS_TIMEOUT"],
  [0x5, "STREAM_CLOSED"],
  [0x6, "FRAME_SIZE_ERROR"],
  [0x7, "REFUSED_STREAM"],
  [0x8, "CANCEL"],
  [0x9, "COMPRESSION_ERROR"],
  [0xa, "CONNECT_ERROR"],
  [0xb, "ENHANCE_YOUR_CALM"],
  [0xc, "INADEQUATE_SECURITY"],
  [0xd, "HTTP_1_1_REQUIRED"],
]);

/** The name that RFC 9113 §7 gives to an error code, for messages. */
export function errorCodeName(code: number): string {
  return errorNames.get(code) ?? `error code ${code}`;
}

/** Largest flow-control window, RFC 9113 §6.9.1. */
export const maxWindow = 0x7fffffff;

/** Windows before any SETTINGS or WINDOW_UPDATE, RFC 9113 §6.9.2. */
export const defaultWindow = 65535;

/** Smallest and largest value that SETTINGS_MAX_FRAME_SIZE may have, RFC 9113 §6.5.2. */
export const minMaxFrameSize = 16384;
export const maxMaxFrameSize = 16777215;
