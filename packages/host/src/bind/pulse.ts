import type { Mount } from "./mount.js";
import type { ParsedListenOptions } from "./options.js";

/** Who is told by a pulse. */
export interface PulseHandlers {
  /** Each turn, for whatever else is to be looked at now and then. */
  sweep(now: number): void;
  onSuspect(mount: Mount, silentMs: number): void;
  onDead(mount: Mount, silentMs: number): void;
  /** It drains: has it finished? */
  onDraining(mount: Mount): void;
  /** The deadline of a mount has passed. */
  onDeadline(mount: Mount): void;
}

/** The one timer of a listener: heartbeats, silence and deadlines of every plugin. */
export interface Pulse {
  /** For how long the event loop of this process had last not turned, in whole milliseconds; 0 where it keeps up. */
  readonly busyMs: number;
  start(): void;
  stop(): void;
}

type Settings = Pick<ParsedListenOptions, "heartbeatMs" | "suspectAfterMs" | "deadAfterMs" | "helloTimeoutMs">;

/** Makes it; it stands still until `start`. */
export function createPulse(settings: Settings, mounts: ReadonlyMap<string, Mount>, handlers: PulseHandlers): Pulse {
  const { heartbeatMs, suspectAfterMs, deadAfterMs, helloTimeoutMs } = settings;
  const turnMs = Math.max(5, Math.min(250, Math.floor(heartbeatMs / 8), Math.floor(helloTimeoutMs / 4)));
  let timer: NodeJS.Timeout | undefined;
  let turnedAt = 0;
  let busyMs = 0;

  const watch = (mount: Mount, now: number): void => {
    if (now >= mount.deadline) {
      handlers.onDeadline(mount);
      return;
    }
    const { link, state } = mount;
    if (state === "lost" || link.hasEnded) return;
    const silentMs = now - link.heardAt;
    // The next turn would be too late.
    if (silentMs + turnMs > deadAfterMs) handlers.onDead(mount, Math.round(silentMs));
    else if (silentMs >= suspectAfterMs && state === "ready") handlers.onSuspect(mount, Math.round(silentMs));
    if (state === "draining") handlers.onDraining(mount);
    if (now < mount.nextBeatAt || link.hasEnded) return;
    mount.nextBeatAt = now + heartbeatMs;
    link.beat(busyMs);
  };

  const turn = (): void => {
    const now = performance.now();
    const lateMs = now - turnedAt - turnMs;
    turnedAt = now;
    busyMs = lateMs > turnMs ? Math.round(lateMs) : 0;
    handlers.sweep(now);
    for (const mount of mounts.values()) {
      // What came while this process was busy is not read yet.
      if (busyMs > 0) mount.link.excuse(lateMs);
      watch(mount, now);
    }
  };

  return {
    get busyMs() {
      return busyMs;
    },
    start() {
      turnedAt = performance.now();
      timer = setInterval(turn, turnMs);
    },
    stop() {
      clearInterval(timer);
    },
  };
}
