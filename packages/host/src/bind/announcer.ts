import type { RejectCode } from "@tenon/core/bind";
import { type LogLevel, type LogRecord, noFields } from "../logs/record.js";
import type { Session } from "../session/session.js";
import type { BindEvent, BindEventKind } from "./events.js";

/** Of whom something is told. */
export interface Subject {
  readonly id: string;
  readonly plugin: string;
  readonly instance: string;
  readonly epoch: number;
  readonly remote: string;
}

/** Nobody in particular. */
export const nobody: Subject = Object.freeze({ id: "", plugin: "", instance: "", epoch: 0, remote: "" });

/** Tells the application what happens: events, and records of the host's own. */
export interface Announcer {
  tell(
    kind: BindEventKind,
    subject: Subject,
    reason: string,
    more?: { readonly code?: RejectCode; readonly session?: Session },
  ): void;
  note(level: LogLevel, message: string, subject?: Pick<Subject, "id" | "plugin">): void;
  /** Adds one who is told of events; returns the way to take that back. */
  add(listener: (event: BindEvent) => void): () => void;
}

/** Makes it. What a listener throws is noted, and what the log throws is nobody's. */
export function createAnnouncer(host: string, log: ((record: LogRecord) => void) | undefined): Announcer {
  const listeners = new Set<(event: BindEvent) => void>();

  const note: Announcer["note"] = (level, message, { plugin, id } = nobody) => {
    const text = plugin === "" ? `the host "${host}" ${message}` : message;
    try {
      log?.({ time: new Date(), level, message: text, plugin, instance: id, source: "host", fields: noFields });
    } catch {
      // There is nobody else to tell.
    }
  };

  return {
    note,
    tell(kind, { id, plugin, instance, epoch, remote }, reason, more = {}) {
      const event = Object.freeze({ kind, time: new Date(), id, plugin, instance, epoch, remote, reason, ...more });
      for (const listener of listeners) {
        try {
          listener(event);
        } catch (error) {
          note("error", `a listener of the event "${kind}" threw: ${String(error)}`, { plugin, id });
        }
      }
    },
    add(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
