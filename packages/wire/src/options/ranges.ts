import type { ChannelOptions } from "../client/options.js";
import type { DialOptions } from "../dial/options.js";
import { maxStreamIds } from "../http2/constants.js";
import type { ServerOptions } from "../server/options.js";
import {
  checkChoice,
  checkFunctions,
  checkIsObject,
  checkNumbers,
  checkTypes,
  invalidOption,
  maxTimerMs,
  type NumberRange,
} from "./check.js";

const maxUint31 = 2 ** 31 - 1;
const maxUint32 = 2 ** 32 - 1;

const anyCount: NumberRange = [0, Number.MAX_SAFE_INTEGER];
const window: NumberRange = [65_535, maxUint31];

/** What channels and servers have in common. */
const commonRanges = {
  maxReceiveMessageBytes: [0, maxUint32],
  maxSendMessageBytes: [0, maxUint32],
  streamWindowBytes: window,
  maxStreamWindowBytes: window,
  connectionWindowBytes: window,
  maxHeaderListBytes: [1, maxUint31],
  minCompressBytes: anyCount,
  maxControlFramesPerSecond: [1, Number.MAX_SAFE_INTEGER],
  keepaliveTimeMs: [1, maxTimerMs],
  keepaliveTimeoutMs: [1, maxTimerMs],
} as const satisfies Record<string, NumberRange>;

export const channelRanges = {
  ...commonRanges,
  defaultTimeoutMs: [1, Number.MAX_SAFE_INTEGER, "parts"],
  maxQueuedCalls: anyCount,
  maxCallsPerConnection: [1, maxStreamIds],
} as const satisfies Partial<Record<keyof ChannelOptions, NumberRange>>;

export const dialRanges = {
  ...channelRanges,
  connectTimeoutMs: [1, maxTimerMs],
  initialBackoffMs: [0, maxTimerMs],
  maxBackoffMs: [0, maxTimerMs],
  backoffMultiplier: [1, 1000, "parts"],
  backoffJitter: [0, 1, "parts"],
  idleTimeoutMs: [0, maxTimerMs],
  maxTransparentRetries: anyCount,
  maxReplayBytes: anyCount,
} as const satisfies Partial<Record<keyof DialOptions, NumberRange>>;

export const serverRanges = {
  ...commonRanges,
  maxConcurrentStreams: [1, maxUint32],
  prefaceTimeoutMs: [1, maxTimerMs],
  minKeepaliveTimeMs: [0, maxTimerMs],
  requestIdleTimeoutMs: [0, maxTimerMs],
  maxResetsPerSecond: [1, Number.MAX_SAFE_INTEGER],
} as const satisfies Partial<Record<keyof ServerOptions, NumberRange>>;

const compressions = ["identity", "gzip"];

/** @throws {@link TenonError} `option-invalid` */
export function checkChannelOptions(options: ChannelOptions): void {
  checkIsObject("options", options);
  checkNumbers(options, channelRanges);
  checkClient(options);
}

/** @throws {@link TenonError} `option-invalid` */
export function checkDialOptions(options: DialOptions): void {
  checkIsObject("options", options);
  checkNumbers(options, dialRanges);
  checkClient(options);
  checkTypes(options, "boolean", ["waitForReady"]);
  const { initialBackoffMs, maxBackoffMs } = options;
  if (initialBackoffMs !== undefined && maxBackoffMs !== undefined && maxBackoffMs < initialBackoffMs) {
    const range = { least: initialBackoffMs, most: maxTimerMs };
    throw invalidOption("maxBackoffMs", maxBackoffMs, `at least initialBackoffMs, ${initialBackoffMs}`, range);
  }
}

/** @throws {@link TenonError} `option-invalid` */
export function checkServerOptions(options: ServerOptions): void {
  checkIsObject("options", options);
  checkNumbers(options, serverRanges);
  checkWindows(options);
  checkChoice(options, "sendCompression", compressions);
  checkTypes(options, "function", ["unknownService"]);
  checkFunctions(options, "interceptors");
}

function checkClient(options: ChannelOptions): void {
  checkWindows(options);
  checkTypes(options, "boolean", ["keepaliveWithoutCalls"]);
  checkTypes(options, "function", ["explainLoss", "renew"]);
  checkChoice(options, "sendCompression", compressions);
  checkFunctions(options, "interceptors");
  checkMetadata("fixedMetadata", options.fixedMetadata);
  const authority: unknown = options.authority;
  if (authority === undefined || (typeof authority === "string" && /^[\x21-\x7e]*$/.test(authority))) return;
  throw invalidOption("authority", authority, "a text of visible ASCII characters");
}

function checkMetadata(option: string, value: unknown): void {
  if (value === undefined) return;
  try {
    void new Headers(value as Record<string, string>);
  } catch {
    throw invalidOption(option, value, "texts by name, fit for headers");
  }
}

/** A stream does not shrink to its largest window. */
function checkWindows({ streamWindowBytes, maxStreamWindowBytes }: ChannelOptions | ServerOptions): void {
  if (streamWindowBytes === undefined || maxStreamWindowBytes === undefined) return;
  if (maxStreamWindowBytes >= streamWindowBytes) return;
  const rule = `at least streamWindowBytes, ${streamWindowBytes}`;
  throw invalidOption("maxStreamWindowBytes", maxStreamWindowBytes, rule, {
    least: streamWindowBytes,
    most: maxUint31,
  });
}
