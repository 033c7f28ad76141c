import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import type { HostServicesSource } from "./key.js";

/**
 * A transport that is asked for when the first call needs it. What that takes is taken from the call's time, and a call that is given up
 * waits no longer; what was asked for comes all the same, for the next one.
 */
export function lazyTransport(source: HostServicesSource): Transport {
  return {
    async unary(method, signal, timeoutMs, header, message, values) {
      const { ready } = source;
      if (ready !== undefined) return ready.unary(method, signal, timeoutMs, header, message, values);
      const { transport, leftMs } = await within(source(), signal, timeoutMs);
      return transport.unary(method, signal, leftMs, header, message, values);
    },
    async stream(method, signal, timeoutMs, header, input, values) {
      const { ready } = source;
      if (ready !== undefined) return ready.stream(method, signal, timeoutMs, header, input, values);
      const { transport, leftMs } = await within(source(), signal, timeoutMs);
      return transport.stream(method, signal, leftMs, header, input, values);
    },
  };
}

interface Arrived {
  readonly transport: Transport;
  /** Of the time that was given, if any was. */
  readonly leftMs: number | undefined;
}

async function within(
  coming: Promise<Transport>,
  signal: AbortSignal | undefined,
  timeoutMs: number | undefined,
): Promise<Arrived> {
  const startedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const givenUp = new Promise<never>((_, reject) => {
    if (timeoutMs !== undefined) {
      const late = () =>
        reject(new ConnectError(`the operation timed out after ${timeoutMs} ms`, Code.DeadlineExceeded));
      timer = setTimeout(late, Math.min(Math.max(0, Math.ceil(timeoutMs)), 0x7fffffff));
    }
    if (signal === undefined) return;
    onAbort = () => reject(ConnectError.from(signal.reason, Code.Canceled));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort);
  });
  try {
    const transport = await Promise.race([coming, givenUp]);
    const leftMs = timeoutMs === undefined ? undefined : timeoutMs - (performance.now() - startedAt);
    return { transport, leftMs };
  } finally {
    clearTimeout(timer);
    if (onAbort !== undefined) signal?.removeEventListener("abort", onAbort);
  }
}
