import type { ContextValues } from "@connectrpc/connect";
import type { DirectTurns } from "./direct-turns.js";
import type { Passage } from "./passage.js";
import type { LiveCall } from "./watch-call.js";

/** What all calls of a channel use. */
export interface CallTools {
  readonly passage: Passage;
  readonly turns: DirectTurns;
  /** Whether messages are copied: then no object of one side gets to the other, errors included. */
  readonly copies: boolean;
  readonly contextValues: ((values: ContextValues) => void) | undefined;
}

/** A call in the list of those that are under way. */
export interface ListedCall extends LiveCall {
  previous: ListedCall | undefined;
  next: ListedCall | undefined;
}

/**
 * The calls that are under way on one implementation of a service: a list through the calls themselves, because a Set, which lives
 * longer than they do, makes every collection of garbage look at all of it.
 */
export class ServiceCalls {
  readonly tools: CallTools;
  #first: ListedCall | undefined;
  #size = 0;
  #emptied: (() => void)[] = [];

  constructor(tools: CallTools) {
    this.tools = tools;
  }

  get size(): number {
    return this.#size;
  }

  began(call: ListedCall): void {
    const first = this.#first;
    call.next = first;
    if (first !== undefined) first.previous = call;
    this.#first = call;
    this.#size++;
  }

  /** To be called once for each call that began. */
  ended(call: ListedCall): void {
    const { previous, next } = call;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
    call.previous = undefined;
    call.next = undefined;
    if (--this.#size > 0 || this.#emptied.length === 0) return;
    const emptied = this.#emptied;
    this.#emptied = [];
    for (const resolve of emptied) resolve();
  }

  /** Resolves when no call is under way. */
  async drained(): Promise<void> {
    if (this.#size > 0) await new Promise<void>((resolve) => this.#emptied.push(resolve));
  }

  all(): readonly LiveCall[] {
    const all: LiveCall[] = [];
    for (let call = this.#first; call !== undefined; call = call.next) all.push(call);
    return all;
  }
}
