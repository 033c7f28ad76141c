import { AsyncLocalStorage } from "node:async_hooks";
import type { HandlerContext } from "@connectrpc/connect";
import { createOuterCall, type OuterCall } from "@tenon/wire/host-services";

/**
 * The call that a service of the host handles where this code runs. There is one for the process, as there is one stack: a chain of calls
 * may pass through several hosts.
 */
const storage = new AsyncLocalStorage<HandledCall>();

/** How many are at work. While there are none, nobody pays for the storage: it makes every promise of the process dearer. */
const working = { count: 0 };

/** A call at work in a service of the host. */
export class HandledCall {
  readonly #context: HandlerContext;
  readonly #name: string;
  readonly #maxCallDepth: number;
  #outer: OuterCall | undefined;
  #isOver = false;

  /** `name` is the host's. */
  constructor(context: HandlerContext, name: string, maxCallDepth: number) {
    this.#context = context;
    this.#name = name;
    this.#maxCallDepth = maxCallDepth;
  }

  /** Its view for calls within; undefined once the handler has come to its end: what it has left behind acts for itself. */
  get outer(): OuterCall | undefined {
    if (this.#isOver) return undefined;
    return (this.#outer ??= createOuterCall(this.#context, {
      name: this.#name,
      maxCallDepth: this.#maxCallDepth,
      signal: this.#cancelled(),
    }));
  }

  /** Runs a part of the handler. */
  within<T>(act: () => T): T {
    return storage.run(this, act);
  }

  begin(): void {
    working.count++;
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (--working.count === 0) storage.disable();
  }

  /** Aborts when the call does before it is answered: calls that the handler did not wait for may outlive its answer. */
  #cancelled(): AbortSignal {
    const { signal } = this.#context;
    if (signal.aborted) return signal;
    const controller = new AbortController();
    const follow = (): void => {
      if (!this.#isOver) controller.abort(signal.reason);
    };
    signal.addEventListener("abort", follow, { once: true });
    return controller.signal;
  }
}

/** What calls that are made here take over; undefined where no service of a host is at work. */
export function currentCall(): OuterCall | undefined {
  return working.count === 0 ? undefined : storage.getStore()?.outer;
}
