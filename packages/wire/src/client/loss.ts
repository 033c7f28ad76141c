import { Code, ConnectError } from "@connectrpc/connect";
import type { CloseReason } from "../http2/close-reason.js";
import type { ChannelOptions } from "./options.js";
import type { FailAfterLoss } from "./pending-call.js";

type Explanation = { readonly message: string; readonly cause?: unknown };

/** Fails calls whose connection is gone, with what the channel's owner knows about it: asked once for each connection. */
export class Loss {
  readonly #explain: ChannelOptions["explainLoss"];
  readonly #explanations = new WeakMap<CloseReason, Promise<Explanation>>();

  constructor(explain: ChannelOptions["explainLoss"]) {
    this.#explain = explain;
  }

  /**
   * Calls `fail` now or when the owner has answered. `reason` is how the connection ended, if it did and not by us;
   * `plain` is what the call fails with where nobody knows more.
   */
  fail(reason: CloseReason | undefined, plain: Explanation, fail: FailAfterLoss): void {
    if (this.#explain === undefined || reason === undefined || reason.kind === "closed")
      return fail(unavailable(plain));
    let explanation = this.#explanations.get(reason);
    if (explanation === undefined) {
      explanation = this.#explain(reason).catch((cause: unknown) => ({ message: plain.message, cause }));
      this.#explanations.set(reason, explanation);
    }
    void explanation.then((known) => fail(unavailable(known), true));
  }
}

function unavailable({ message, cause }: Explanation): ConnectError {
  return new ConnectError(message, Code.Unavailable, undefined, undefined, cause);
}
