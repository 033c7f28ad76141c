/** A configuration as plugins get it. */
export interface Snapshot {
  readonly json: string;
  readonly version: bigint;
}

/** The configuration of one plugin as it is now, and who waits for the next. */
export class Current {
  /** Calls in which somebody watches. */
  watches = 0;
  #snapshot: Snapshot | undefined;
  #version = 0n;
  readonly #waiting = new Set<() => void>();

  /** Undefined where there is none. */
  get snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  set(json: string | undefined): void {
    if (json === this.#snapshot?.json) return;
    this.#snapshot = json === undefined ? undefined : { json, version: ++this.#version };
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  /** Resolves at the next change, or when the signal aborts. */
  changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener("abort", wake);
        this.#waiting.delete(wake);
        resolve();
      };
      if (signal.aborted) return resolve();
      signal.addEventListener("abort", wake, { once: true });
      this.#waiting.add(wake);
    });
  }
}
