import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { takeWith } from "../grpc/direct-messages.js";
import { pumpAnswers, type PumpedCall } from "./answer-pump.js";
import { Turns } from "./turns.js";

/** A call that notes what is done to it. */
function open(sendAnswer: (answer: number) => Promise<void> | undefined = () => undefined) {
  const events: string[] = [];
  const call = {
    isOver: false as boolean,
    sendAnswer(answer: number) {
      events.push(String(answer));
      return sendAnswer(answer);
    },
    answersEnded: () => void events.push("ended"),
    flushEarly: () => {},
    fail: (error: unknown) => void events.push(`failed: ${(error as Error).message}`),
  } satisfies PumpedCall<number>;
  const home = { turns: new Turns(), handlerEnded: () => void events.push("handler ended") };
  return { call, home, events };
}

async function* count(to: number, atEnd: () => void = () => {}) {
  try {
    for (let i = 0; i < to; i++) yield i;
  } finally {
    atEnd();
  }
}

test("answers go out in their order, then the end", async () => {
  const { call, home, events } = open();
  pumpAnswers(call, count(3), home);
  await turn();
  assert.deepEqual(events, ["0", "1", "2", "ended", "handler ended"]);
});

test("the handler is not asked while an answer waits [WIRE-06]", async () => {
  let release = () => {};
  const { call, home, events } = open((answer) =>
    answer === 1 ? new Promise((resolve) => (release = resolve)) : undefined,
  );
  pumpAnswers(call, count(3), home);
  await turn();
  assert.deepEqual(events, ["0", "1"]);
  release();
  await turn();
  assert.deepEqual(events, ["0", "1", "2", "ended", "handler ended"]);
});

test("a handler that always has an answer lets others have their turn [WIRE-06]", async () => {
  const { call, home, events } = open();
  pumpAnswers(call, count(1_000_000), home);
  const seen: number[] = [];
  for (let i = 0; i < 3; i++) {
    await turn();
    seen.push(events.length);
  }
  assert.ok(seen[0]! > 100 && seen[2]! < 10_000, seen.join());
  call.isOver = true;
  await turn();
  assert.equal(events.at(-1), "handler ended");
});

test("handlers of one connection share its turns", async () => {
  const { call, home, events } = open();
  for (let i = 0; i < 10; i++) pumpAnswers(call, count(1_000_000), home);
  await turn();
  assert.ok(events.length < 2000, String(events.length));
  call.isOver = true;
  await turn();
});

test("a handler is told to clean up when its call is over or its answer cannot be sent", async () => {
  for (const end of ["over", "thrown", "rejected"]) {
    let cleaned = 0;
    const { call, home, events } = open((answer) => {
      if (answer === 0) return undefined;
      if (end === "thrown") throw new Error("too large");
      if (end === "rejected") return Promise.reject(new Error("no gzip"));
      call.isOver = true;
      return undefined;
    });
    pumpAnswers(
      call,
      count(5, () => cleaned++),
      home,
    );
    await turn();
    assert.equal(cleaned, 1);
    assert.equal(events.filter((event) => event === "handler ended").length, 1);
    assert.equal(
      events.some((event) => event.startsWith("failed")),
      end !== "over",
    );
  }
});

test("what a handler throws fails the call, whatever kind of iterator it is", async () => {
  const broken: AsyncIterator<number>[] = [
    { next: () => Promise.reject(new Error("broken")) },
    {
      next: () => {
        throw new Error("broken");
      },
    },
  ];
  for (const answers of broken) {
    const { call, home, events } = open();
    pumpAnswers(call, answers, home);
    await turn();
    assert.deepEqual(events, ["failed: broken", "handler ended"]);
  }
  const { call, home, events } = open();
  let left = 2;
  const plain = { next: () => ({ done: left === 0, value: left-- }) };
  pumpAnswers(call, plain as unknown as AsyncIterator<number>, home);
  await turn();
  assert.deepEqual(events, ["2", "1", "ended", "handler ended"]);
});

/** Answers that can be taken without waiting for promises. */
function offer() {
  const waiting: (number | "end" | Error)[] = [];
  let wake = () => {};
  let hasLeft = false;
  const take = (): IteratorResult<number, undefined> | undefined => {
    const first = waiting.shift();
    if (first instanceof Error) throw first;
    if (first === undefined) return undefined;
    return first === "end" ? { done: true, value: undefined } : { done: false, value: first };
  };
  const answers = {
    next: () => Promise.reject(new Error("nobody waits for promises")),
    return() {
      hasLeft = true;
      return Promise.resolve({ done: true as const, value: undefined });
    },
    [takeWith]: (woken: () => void) => {
      wake = woken;
      return take;
    },
  };
  const add = (...values: typeof waiting) => {
    waiting.push(...values);
    wake();
  };
  return { answers, add, hasLeft: () => hasLeft };
}

test("answers that are there leave at once", () => {
  const { call, home, events } = open();
  const { answers, add } = offer();
  pumpAnswers(call, answers, home);
  add(1, 2);
  assert.deepEqual(events, ["1", "2"]);
  add(3, "end");
  assert.deepEqual(events, ["1", "2", "3", "ended", "handler ended"]);
});

test("answers that are there wait for those before them, and for the turns of others [WIRE-06]", async () => {
  let release = () => {};
  const { call, home, events } = open((answer) =>
    answer === 1 ? new Promise((resolve) => (release = resolve)) : undefined,
  );
  const { answers, add } = offer();
  pumpAnswers(call, answers, home);
  add(1, 2);
  add(3);
  await turn();
  assert.deepEqual(events, ["1"]);
  release();
  await turn();
  assert.deepEqual(events, ["1", "2", "3"]);
  add(...Array.from({ length: 1000 }, () => 4));
  assert.ok(events.length < 1000, String(events.length));
  while (events.length < 1003) await turn();
});

test("whoever offers answers is told when the call is over, and can fail it", () => {
  const over = open();
  const left = offer();
  pumpAnswers(over.call, left.answers, over.home);
  over.call.isOver = true;
  left.add(1);
  assert.ok(left.hasLeft());
  assert.deepEqual(over.events, []);
  const { call, home, events } = open();
  const { answers, add } = offer();
  pumpAnswers(call, answers, home);
  add(1, new Error("broken"));
  assert.deepEqual(events, ["1", "failed: broken"]);
});
