/** PING frames that wait for their answer, RFC 9113 §6.7. */
export class Pings {
  readonly #send: (payload: Uint8Array) => void;
  readonly #waiting = new Map<
    bigint,
    { sentAt: number; resolve: (ms: number) => void; reject: (error: Error) => void }
  >();
  #next = 1n;
  #failed: Error | undefined;
  readonly #openedAt = performance.now();
  /** The shortest round trip so far, in milliseconds: what others took longer was queueing. Undefined before the first. */
  shortestMs: number | undefined;
  /** Round trips that were measured. */
  measurements = 0;

  constructor(send: (payload: Uint8Array) => void) {
    this.#send = send;
  }

  /** Sends a PING. Resolves with the round trip in milliseconds; rejects when the connection ends or `signal` aborts. */
  ping(signal?: AbortSignal): Promise<number> {
    if (this.#failed !== undefined) return Promise.reject(this.#failed);
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    const id = this.#next++;
    const payload = Buffer.allocUnsafe(8);
    payload.writeBigUInt64BE(id);
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiting.delete(id);
        reject(signal?.reason as Error);
      };
      const settled = () => signal?.removeEventListener("abort", abort);
      signal?.addEventListener("abort", abort, { once: true });
      this.#waiting.set(id, {
        sentAt: performance.now(),
        resolve: (ms) => {
          settled();
          resolve(ms);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      });
      this.#send(payload);
    });
  }

  /** An acknowledgement came. One that nobody waits for is ignored. */
  answered(id: bigint): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    waiting.resolve(this.#measured(performance.now() - waiting.sentAt));
  }

  /** The peer has acknowledged our first SETTINGS: a round trip while nothing else was on its way. */
  settingsAcknowledged(): void {
    if (this.measurements === 0) this.#measured(performance.now() - this.#openedAt);
  }

  #measured(ms: number): number {
    this.measurements++;
    this.shortestMs = Math.min(ms, this.shortestMs ?? ms);
    return ms;
  }

  /** The connection is gone: no answer will come. */
  fail(message: string): void {
    this.#failed = new Error(`no answer to PING: ${message}`);
    for (const { reject } of this.#waiting.values()) reject(this.#failed);
    this.#waiting.clear();
  }
}
