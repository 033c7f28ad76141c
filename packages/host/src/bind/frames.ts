import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type HostFrame, HostFrameSchema, Level, type WelcomeSchema } from "@tenon/core/bind";
import type { LogLevel } from "../logs/record.js";
import type { HelloRefusal } from "./hello.js";
import { rejectCodes } from "@tenon/core/bind";

type Init = NonNullable<MessageInitShape<typeof HostFrameSchema>["frame"]>;

const frame = (init: Init): HostFrame => create(HostFrameSchema, { frame: init });

/** The frames that a host sends. */
export const hostFrames = {
  welcome: (value: MessageInitShape<typeof WelcomeSchema>) => frame({ case: "welcome", value }),
  reject: ({ code, reason, field = "" }: HelloRefusal) =>
    frame({ case: "reject", value: { code, reason, field, retryable: rejectCodes[code].retryable } }),
  describe: (typeNames: string[]) => frame({ case: "describe", value: { typeNames } }),
  bytes: (value: Uint8Array) => frame({ case: "bytes", value }),
  beat: (id: bigint, busyMs: number) => frame({ case: "beat", value: { id, busyMs } }),
  beatAnswer: (id: bigint, busyMs: number) => frame({ case: "beatAnswer", value: { id, busyMs } }),
  logsTaken: (sequence: bigint) => frame({ case: "logsTaken", value: { sequence } }),
  logLevel: (level: LogLevel | "off") => frame({ case: "logLevel", value: { level: toLevel(level) } }),
  drain: (timeoutMs: number, reason: string) => frame({ case: "drain", value: { timeoutMs, reason } }),
  drained: () => frame({ case: "drained", value: {} }),
  goodbye: (reason: string, mayReturn: boolean) => frame({ case: "goodbye", value: { reason, mayReturn } }),
} as const;

const levels: readonly (readonly [Level, LogLevel | "off"])[] = [
  [Level.TRACE, "trace"],
  [Level.DEBUG, "debug"],
  [Level.INFO, "info"],
  [Level.WARN, "warn"],
  [Level.ERROR, "error"],
  [Level.OFF, "off"],
];

/** A level as it crosses the link. */
export function toLevel(level: LogLevel | "off"): Level {
  return levels.find(([, name]) => name === level)?.[0] ?? Level.INFO;
}

/** A level as records have it; what a plugin made up is "info". */
export function fromLevel(level: Level): LogLevel {
  const name = levels.find(([number]) => number === level)?.[1];
  return name === undefined || name === "off" ? "info" : name;
}
