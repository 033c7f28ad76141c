import { EventEmitter, once } from "node:events";
import type { LogRecord } from "@tenon/host";
import type { BindEvent, BindEventKind } from "@tenon/host/bind";

/** How long something may take that has to come, in milliseconds. */
const patienceMs = 60_000;

/** Prints what happens, and lets others wait for it. */
export interface Telling {
  readonly onEvent: (event: BindEvent) => void;
  readonly log: (record: LogRecord) => void;
  /** The next event of this kind of this plugin. */
  event(plugin: string, kind: BindEventKind): Promise<BindEvent>;
  /** The next log record of this plugin with this message. */
  record(plugin: string, message: string): Promise<LogRecord>;
}

/** Whatever is awaited rejects when the signal aborts. */
export function createTelling(signal: AbortSignal): Telling {
  const emitter = new EventEmitter();
  const wait = async <T>(name: string): Promise<T> => {
    const late = AbortSignal.timeout(patienceMs);
    try {
      const [told] = await once(emitter, name, { signal: AbortSignal.any([signal, late]) });
      return told as T;
    } catch (error) {
      throw late.aborted ? new Error(`nothing of this came within ${patienceMs} ms: ${name}`, { cause: error }) : error;
    }
  };
  const next = <T>(name: string): Promise<T> => {
    const told = wait<T>(name);
    told.catch(() => {}); // It may be over before anybody awaits it.
    return told;
  };
  return {
    onEvent(event) {
      const { kind, plugin, code, reason } = event;
      tell("event", plugin, code === undefined ? `${kind}: ${reason}` : `${kind} (${code}): ${reason}`);
      emitter.emit(`${kind} ${plugin}`, event);
    },
    log(record) {
      const { source, plugin, level, message, fields, callId } = record;
      if (source === "host") return; // It says what the events say.
      const more = { ...fields, ...(callId !== undefined && { callId }) };
      tell("log", plugin, `${level} ${message} ${JSON.stringify(more)}`);
      emitter.emit(`log ${plugin} ${message}`, record);
    },
    event: (plugin, kind) => next(`${kind} ${plugin}`),
    record: (plugin, message) => next(`log ${plugin} ${message}`),
  };
}

/** One line of what happens. */
export function tell(kind: "event" | "log" | "call" | "act", plugin: string, text: string): void {
  // What a plugin says may hold what a terminal would obey.
  const seconds = (performance.now() / 1000).toFixed(2);
  console.log(`${seconds.padStart(6)} s  ${kind.padEnd(5)}  ${plugin.padEnd(13)}  ${text.replace(/\p{Cc}/gu, "?")}`);
}
