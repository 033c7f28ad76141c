import type { ServiceImpl } from "@connectrpc/connect";
import { type Log, LogEntry_Level } from "@tenon/core/host-services";
import { callMetadata } from "@tenon/wire/host-services";
import type { LogLevel } from "../../logs/record.js";
import type { PluginLog } from "./plugin-log.js";

const levelNumbers: Readonly<Record<LogLevel, LogEntry_Level>> = {
  trace: LogEntry_Level.TRACE,
  debug: LogEntry_Level.DEBUG,
  info: LogEntry_Level.INFO,
  warn: LogEntry_Level.WARN,
  error: LogEntry_Level.ERROR,
};

/** The service of one instance of a plugin. */
export function logService(log: PluginLog, instance: string): ServiceImpl<typeof Log> {
  return {
    write({ entries }, { requestHeader }) {
      const callId = requestHeader.get(callMetadata.id) ?? "";
      return { dropped: log.write(entries, instance, callId), level: levelNumbers[log.level] };
    },
  };
}
