import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { ConnectError } from "@connectrpc/connect";

/** A message of Echo. */
export const hello = { chunks: [Buffer.from("hello")] };

/** Three of them, with a rest between. */
export async function* three() {
  for (let i = 0; i < 3; i++) {
    yield hello;
    await sleep(1);
  }
}

/** The error of a call that has to fail. */
export async function failure(promise: Promise<unknown>): Promise<ConnectError> {
  const error = await promise.then(
    () => assert.fail("the call succeeded"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ConnectError, String(error));
  return error;
}

/** Callers that call one after the other until they are told to stop. */
export function load(callers: number, call: () => Promise<void>): { stop(): Promise<number> } {
  const ending = new AbortController();
  let calls = 0;
  const all = Array.from({ length: callers }, async () => {
    while (!ending.signal.aborted) {
      await call();
      calls++;
    }
  });
  return {
    async stop() {
      ending.abort();
      await Promise.all(all);
      return calls;
    },
  };
}
