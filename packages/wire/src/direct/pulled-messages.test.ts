import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { DirectTurns } from "./direct-turns.js";
import { PulledMessages, type PullOwner } from "./pulled-messages.js";

/** Messages from `source`, whose owner ends them as the source does. */
function pull(source: AsyncIterator<unknown>) {
  const events: string[] = [];
  const owner: PullOwner<unknown> = {
    take: (value) => value,
    sourceEnded: () => messages.end(),
    sourceFailed: (cause) => messages.end(cause),
    readerLeft: () => events.push("left"),
    tellingEnd: () => events.push("end"),
  };
  const messages = new PulledMessages<unknown>(owner, new DirectTurns());
  messages.open(source);
  return { messages, events };
}

async function* numbers(count: number, failure?: Error) {
  for (let i = 0; i < count; i++) yield i;
  if (failure !== undefined) throw failure;
}

test("gives what the source gives, however many are asked for at once [INL-05]", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(8), fc.array(fc.nat(4), { maxLength: 8 }), fc.boolean(), async (count, asks, isAhead) => {
      const { messages, events } = pull(numbers(count));
      if (isAhead) messages.prefetch();
      const got: unknown[] = [];
      for (const ask of asks) {
        const results = await Promise.all(Array.from({ length: ask }, () => messages.next()));
        for (const result of results) if (result.done !== true) got.push(result.value);
      }
      for await (const value of messages) got.push(value);
      assert.deepEqual(got, [...Array(count).keys()]);
      assert.deepEqual(events, ["end"]);
      assert.equal((await messages.next()).done, true);
    }),
  );
});

test("tells an error once, behind what came before it [INL-05]", async () => {
  const { messages } = pull(numbers(1, new Error("torn")));
  const results = await Promise.allSettled([messages.next(), messages.next(), messages.next()]);
  assert.deepEqual(
    results.map((result) => (result.status === "fulfilled" ? result.value.done : (result.reason as Error).message)),
    [false, "torn", true],
  );
});

test("who has left gets nothing more, and the source is told when its owner says so [INL-06]", async () => {
  let isReturned = false;
  const source = {
    next: () => new Promise<never>(() => {}),
    async return() {
      isReturned = true;
      throw new Error("nobody hears this");
    },
  };
  const { messages, events } = pull(source);
  const waiting = messages.next();
  await messages.return();
  assert.equal((await waiting).done, true);
  assert.equal((await messages.next()).done, true);
  assert.deepEqual(events, ["left"]);
  assert.equal(isReturned, false);
  messages.leaveSource();
  assert.equal(isReturned, true);
});
