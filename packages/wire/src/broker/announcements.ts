import { onAbort } from "../streams/on-abort.js";

/** Where somebody serves an id, in the other side's words. */
export interface Announced {
  readonly network: string;
  readonly address: string;
}

/** More that nobody has asked for are not kept: the oldest is forgotten. */
const maxUnclaimed = 1024;

interface Entry {
  readonly id: number;
  readonly announced: Announced;
  readonly timer: NodeJS.Timeout | undefined;
}

/** What the other side has announced and nobody has dialled, and who dials what was not announced. Each announcement serves one dial. */
export class Announcements {
  readonly #keepMs: number;
  readonly #lastingId: number | undefined;
  /** In the order of their arrival. */
  readonly #unclaimed = new Set<Entry>();
  readonly #byId = new Map<number, Entry[]>();
  readonly #waiting = new Map<number, ((announced: Announced) => void)[]>();

  /** An announcement that nobody claims is forgotten after `keepMs`; of the id `lastingId` the newest is kept. */
  constructor(keepMs: number, lastingId?: number) {
    this.#keepMs = keepMs;
    this.#lastingId = lastingId;
  }

  get unclaimedCount(): number {
    return this.#unclaimed.size;
  }

  put(id: number, announced: Announced): void {
    const waiter = this.#waiting.get(id)?.shift();
    if (waiter !== undefined) {
      if (this.#waiting.get(id)?.length === 0) this.#waiting.delete(id);
      waiter(announced);
      return;
    }
    if (id === this.#lastingId) {
      this.#byId.set(id, [{ id, announced, timer: undefined }]);
      return;
    }
    const entry: Entry = { id, announced, timer: setTimeout(() => this.#forget(entry), this.#keepMs).unref() };
    this.#unclaimed.add(entry);
    const same = this.#byId.get(id);
    if (same === undefined) this.#byId.set(id, [entry]);
    else same.push(entry);
    const [oldest] = this.#unclaimed;
    if (this.#unclaimed.size > maxUnclaimed) this.#forget(oldest!);
  }

  /** The oldest announcement of an id, once there is one. Rejects with the signal's reason. */
  take(id: number, signal: AbortSignal): Promise<Announced> {
    if (signal.aborted) return Promise.reject(signal.reason);
    const [entry] = this.#byId.get(id) ?? [];
    if (entry !== undefined) {
      this.#forget(entry);
      return Promise.resolve(entry.announced);
    }
    return new Promise((resolve, reject) => {
      const waiter = (announced: Announced): void => {
        forgetSignal();
        resolve(announced);
      };
      this.#waiting.set(id, [...(this.#waiting.get(id) ?? []), waiter]);
      const forgetSignal = onAbort(signal, () => {
        const left = (this.#waiting.get(id) ?? []).filter((each) => each !== waiter);
        if (left.length === 0) this.#waiting.delete(id);
        else this.#waiting.set(id, left);
        reject(signal.reason);
      });
    });
  }

  close(): void {
    for (const entry of this.#unclaimed) this.#forget(entry);
    this.#byId.clear();
  }

  #forget(entry: Entry): void {
    clearTimeout(entry.timer);
    this.#unclaimed.delete(entry);
    const left = (this.#byId.get(entry.id) ?? []).filter((each) => each !== entry);
    if (left.length === 0) this.#byId.delete(entry.id);
    else this.#byId.set(entry.id, left);
  }
}
