import { Batch, type Change } from "./batch.js";
import { compareKeys, type Contents, type Entry, sizeOf } from "./entries.js";

/**
 * The entries of one plugin. Reads see what is durable; writes are judged by what it will be when all that came before them are, and
 * are made durable in batches: those that come while one is written make up the next. When a batch fails, so does what was
 * judged on top of it, and everything is as before.
 */
export class StoreState {
  readonly #durable: Map<string, Entry>;
  readonly #persist: (contents: Contents) => Promise<void>;
  #writing: Batch | undefined;
  #next = new Batch();
  #isRunning = false;
  #lastVersion: bigint;
  /** Of all entries, as they will be when everything is durable. */
  #bytes = 0;
  #keys = 0;
  /** The durable keys in their order; undefined when there are others since. */
  #sorted: readonly string[] | undefined;

  /** `persist` resolves when the contents, whole, are durable. It is called once at a time and reads them before it returns. */
  constructor(contents: Contents, persist: (contents: Contents) => Promise<void>) {
    this.#durable = new Map(contents.entries);
    this.#lastVersion = contents.lastVersion;
    this.#persist = persist;
    this.#measure();
  }

  get(key: string): Entry | undefined {
    return this.#durable.get(key);
  }

  /** The durable keys, ordered. */
  sortedKeys(): readonly string[] {
    this.#sorted ??= [...this.#durable.keys()].sort(compareKeys);
    return this.#sorted;
  }

  /** Keys, and bytes of keys and values, as they will be when all writes so far are durable. */
  get size(): { readonly keys: number; readonly bytes: number } {
    return { keys: this.#keys, bytes: this.#bytes };
  }

  /** What a key will have when all writes so far are durable. */
  latest(key: string): Entry | undefined {
    if (this.#next.changes.has(key)) return this.#next.changes.get(key);
    if (this.#writing?.changes.has(key) === true) return this.#writing.changes.get(key);
    return this.#durable.get(key);
  }

  /** Resolves when a write of this key that is under way is durable or has failed; undefined where none is. */
  settled(key: string): Promise<void> | undefined {
    const batch = [this.#next, this.#writing].find((each) => each?.changes.has(key) === true);
    return batch?.done.catch(() => {});
  }

  /** Writes a key. Resolves with its version when that is durable; rejects with the reason of `persist`. */
  async put(key: string, value: Uint8Array): Promise<bigint> {
    const version = ++this.#lastVersion;
    await this.#change(key, { value, version });
    return version;
  }

  /** Deletes a key, as {@link put} writes it. */
  delete(key: string): Promise<void> {
    return this.#change(key, undefined);
  }

  /** Deletes every key. */
  async clear(): Promise<void> {
    const keys = new Set([
      ...this.#durable.keys(),
      ...(this.#writing?.changes.keys() ?? []),
      ...this.#next.changes.keys(),
    ]);
    await Promise.all([...keys].map((key) => this.#change(key, undefined)));
  }

  /** Resolves when no write is under way, whatever became of them. */
  async idle(): Promise<void> {
    while (this.#isRunning) await (this.#writing ?? this.#next).done.catch(() => {});
  }

  #change(key: string, change: Change): Promise<void> {
    const before = this.latest(key);
    this.#keys += (change === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
    this.#bytes += sizeOf(key, change) - sizeOf(key, before);
    const batch = this.#next;
    batch.changes.set(key, change);
    if (!this.#isRunning) {
      this.#isRunning = true;
      // So that all that one turn of the event loop writes is in one batch.
      setImmediate(() => void this.#run());
    }
    return batch.done;
  }

  async #run(): Promise<void> {
    while (this.#next.changes.size > 0) {
      const batch = this.#next;
      this.#writing = batch;
      this.#next = new Batch();
      try {
        await this.#persist({ entries: batch.over(this.#durable), lastVersion: this.#lastVersion });
        this.#apply(batch);
        this.#writing = undefined;
        this.#isRunning = this.#next.changes.size > 0;
        batch.resolve();
      } catch (error) {
        const later = this.#next;
        this.#next = new Batch();
        this.#writing = undefined;
        this.#isRunning = false;
        this.#measure();
        batch.reject(error);
        later.reject(error);
      }
    }
  }

  #apply(batch: Batch): void {
    for (const [key, change] of batch.changes) {
      if ((change === undefined) === this.#durable.has(key)) this.#sorted = undefined;
      if (change === undefined) this.#durable.delete(key);
      else this.#durable.set(key, change);
    }
  }

  #measure(): void {
    this.#keys = this.#durable.size;
    this.#bytes = 0;
    for (const [key, entry] of this.#durable) this.#bytes += sizeOf(key, entry);
  }
}
