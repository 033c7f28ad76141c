import type { ContextKey } from "@connectrpc/connect";

/**
 * Context value of one call of a dialed channel: whether it waits while no connection can be made, in place of the
 * channel's `waitForReady`. `{ contextValues: createContextValues().set(waitForReady, true) }`. It is the same in every copy
 * of this package.
 */
export const waitForReady: ContextKey<boolean | undefined> = {
  id: Symbol.for("tenon.wait-for-ready"),
  defaultValue: undefined,
};
