import type { Transport } from "@connectrpc/connect";
import { joinSignals } from "./join-signals.js";
import type { OuterCall } from "./outer-call.js";

/**
 * A transport whose calls are made within another call: they end with it, at its deadline at the latest, and tell on its id, its depth
 * and its trace context. A shorter deadline of their own holds. Where `find` finds no other call they go through as they are.
 */
export function nestedTransport(
  inner: Transport,
  find: () => OuterCall | undefined,
  { defaultTimeoutMs }: { readonly defaultTimeoutMs?: number | undefined } = {},
): Transport {
  return {
    async unary(method, signal, timeoutMs, header, message, values) {
      const outer = find();
      if (outer === undefined) return inner.unary(method, signal, timeoutMs, header, message, values);
      const headers = outer.headersFor(header);
      const limitMs = least(timeoutMs ?? defaultTimeoutMs, outer.timeoutMs());
      const joined = joinSignals(outer.signal, signal);
      try {
        return await inner.unary(method, joined.signal, limitMs, headers, message, values);
      } finally {
        joined.release();
      }
    },
    async stream(method, signal, timeoutMs, header, input, values) {
      const outer = find();
      if (outer === undefined) return inner.stream(method, signal, timeoutMs, header, input, values);
      const headers = outer.headersFor(header);
      const limitMs = least(timeoutMs, outer.timeoutMs());
      const leaving = new AbortController();
      const asked = joinSignals(outer.signal, signal);
      const joined = joinSignals(asked.signal, leaving.signal);
      const release = (): void => {
        joined.release();
        asked.release();
      };
      try {
        const response = await inner.stream(method, joined.signal, limitMs, headers, input, values);
        const leave = (): void => {
          leaving.abort();
          release();
        };
        return {
          stream: true,
          service: response.service,
          method: response.method,
          header: response.header,
          // Not before the end, when it is complete.
          get trailer() {
            return response.trailer;
          },
          message: new Watched(response.message, leave),
        };
      } catch (error) {
        release();
        throw error;
      }
    },
  };
}

function least(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}

/** Messages of a stream; calls `leave` once when no more of them will be read. */
class Watched<T> implements AsyncIterableIterator<T> {
  readonly #inner: AsyncIterator<T>;
  readonly #leave: () => void;

  constructor(messages: AsyncIterable<T>, leave: () => void) {
    this.#inner = messages[Symbol.asyncIterator]();
    this.#leave = leave;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<T>> {
    try {
      const result = await this.#inner.next();
      if (result.done === true) this.#leave();
      return result;
    } catch (error) {
      this.#leave();
      throw error;
    }
  }

  async return(): Promise<IteratorResult<T>> {
    this.#leave();
    await this.#inner.return?.();
    return { done: true, value: undefined };
  }
}
