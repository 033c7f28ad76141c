import type { Holder } from "./stream-handler.js";

/** Who refers to the chunk that came last, until the next one comes. */
export class Holders {
  #holders: Holder[] = [];

  add(holder: Holder): void {
    this.#holders.push(holder);
  }

  /** The chunk may be overwritten: everybody copies what he still refers to. */
  readonly settle = (): void => {
    if (this.#holders.length === 0) return;
    const holders = this.#holders;
    this.#holders = [];
    for (const holder of holders) holder.settle();
  };
}
