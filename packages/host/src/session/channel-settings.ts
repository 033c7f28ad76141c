import type { ChannelOptions } from "@tenon/wire";
import { booleanOr, checkKeys, durationMs, oneOf, textOrNothing, wholeNumber } from "../options/check.js";

/**
 * Settings of the channel to a plugin: message limits, deadlines, keepalive. Their defaults and meanings are those of `ChannelOptions`
 * of @tenon/wire. go-plugin: `GRPCDialOptions`.
 */
export type ChannelSettings = Pick<
  ChannelOptions,
  | "authority"
  | "maxReceiveMessageBytes"
  | "maxSendMessageBytes"
  | "defaultTimeoutMs"
  | "maxQueuedCalls"
  | "sendCompression"
  | "minCompressBytes"
  | "keepaliveTimeMs"
  | "keepaliveTimeoutMs"
  | "keepaliveWithoutCalls"
>;

type Check = (option: string, value: unknown) => unknown;

const size: Check = (option, value) => wholeNumber(option, value, 0, 0, 2 ** 31 - 1);
const time: Check = (option, value) => durationMs(option, value, 1, 1);

const checks: { readonly [K in keyof ChannelSettings]-?: Check } = {
  authority: textOrNothing,
  maxReceiveMessageBytes: size,
  maxSendMessageBytes: size,
  defaultTimeoutMs: time,
  maxQueuedCalls: (option, value) => wholeNumber(option, value, 0, 0, Number.MAX_SAFE_INTEGER),
  sendCompression: (option, value) => oneOf(option, value, ["identity", "gzip"], "identity"),
  minCompressBytes: size,
  keepaliveTimeMs: time,
  keepaliveTimeoutMs: time,
  keepaliveWithoutCalls: (option, value) => booleanOr(option, value, false),
};

/** Checks channel settings; what is not given is not in the result. @throws TenonError `option-invalid`, naming the key */
export function parseChannelSettings(what: string, settings: ChannelSettings | undefined): ChannelSettings {
  const given = checkKeys(what, settings, Object.keys(checks));
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  for (const [key, value] of entries) checks[key as keyof ChannelSettings](`${what}.${key}`, value);
  return Object.freeze(Object.fromEntries(entries));
}
