import { checkNumbers, maxTimerMs } from "../options/check.js";

/** Who sends PINGs. */
export interface Pinger {
  /** Rejects when the connection ends or `signal` aborts. */
  ping(signal?: AbortSignal): Promise<number>;
}

/** How long a ping may take and who may call it off. */
export interface PingOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds. Default none. */
  readonly timeoutMs?: number;
}

/** A PING with a deadline whose timer keeps the process alive until the answer is there, and ends with it. */
export async function pingWithin(pings: Pinger, { signal, timeoutMs }: PingOptions): Promise<number> {
  checkNumbers({ timeoutMs }, { timeoutMs: [0, maxTimerMs, "parts"] });
  if (timeoutMs === undefined) return await pings.ping(signal);
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(new DOMException(`no answer to PING within ${timeoutMs} ms`, "TimeoutError")),
    timeoutMs,
  );
  try {
    return await pings.ping(signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]));
  } finally {
    clearTimeout(timer);
  }
}
