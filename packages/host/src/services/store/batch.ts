import type { Entry } from "./entries.js";

/** A write of one key; undefined deletes it. */
export type Change = Entry | undefined;

/** Writes that become durable together. */
export class Batch {
  readonly changes = new Map<string, Change>();
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;

  constructor() {
    let settle: Pick<Batch, "resolve" | "reject">;
    this.done = new Promise((resolve, reject) => {
      settle = { resolve, reject };
    });
    this.resolve = settle!.resolve;
    this.reject = settle!.reject;
    // Who wrote waits for it; where nobody does, its failure is nobody's.
    this.done.catch(() => {});
  }

  /** The entries as they are with these writes. */
  *over(entries: ReadonlyMap<string, Entry>): Generator<readonly [string, Entry]> {
    for (const each of entries) if (!this.changes.has(each[0])) yield each;
    for (const [key, change] of this.changes) if (change !== undefined) yield [key, change];
  }
}
