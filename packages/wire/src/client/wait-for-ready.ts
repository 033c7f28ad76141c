import { type ContextKey, createContextKey } from "@connectrpc/connect";

/**
 * Context value of one call of a dialed channel: whether it waits while no connection can be made, in place of the
 * channel's `waitForReady`. `{ contextValues: createContextValues().set(waitForReady, true) }`
 */
export const waitForReady: ContextKey<boolean | undefined> = createContextKey<boolean | undefined>(undefined, {
  description: "tenon: wait for ready",
});
