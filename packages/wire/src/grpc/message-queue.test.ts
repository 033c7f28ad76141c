import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { test } from "node:test";
import type { Http2Stream } from "../http2/stream.js";
import type { Holder } from "../http2/stream-handler.js";
import { endedQueue, MessageQueue, type QueueOwner } from "./message-queue.js";

interface Fixture {
  readonly queue: MessageQueue<string>;
  readonly credited: () => number;
  readonly left: unknown[];
  readonly ends: () => number;
  readonly send: (...texts: string[]) => void;
}

/** A queue of texts. `bad` cannot be decoded, `late` takes its time. */
function open(): Fixture {
  let credited = 0;
  let ends = 0;
  const left: unknown[] = [];
  const owner: QueueOwner<string> = {
    decode(bytes, start, end) {
      const text = Buffer.from(bytes.subarray(start, end)).toString();
      if (text === "bad") throw new Error("bad message");
      return text === "late" ? turn(text) : text;
    },
    onReturn: (error) => left.push(error),
    onEnd: () => void ends++,
  };
  const queue = new MessageQueue(owner, 1000);
  let loose: Holder[] = [];
  queue.attach({
    credit: (bytes: number) => void (credited += bytes),
    settleLater: (holder: Holder) => void loose.push(holder),
  } as Http2Stream);
  // As sockets do it, all chunks come in the same memory.
  const memory = Buffer.alloc(1000);
  return {
    queue,
    credited: () => credited,
    left,
    ends: () => ends,
    send(...texts) {
      const chunk = Buffer.concat(
        texts.flatMap((text) => [Buffer.from([0, 0, 0, 0, Buffer.byteLength(text)]), Buffer.from(text)]),
      );
      const holders = loose;
      loose = [];
      for (const holder of holders) holder.settle();
      queue.feed(memory.subarray(0, chunk.copy(memory)), 0, chunk.length);
    },
  };
}

const value = (text: string) => ({ done: false, value: text });
const end = { done: true, value: undefined };

test("readers that ask before anything has come are served in their order", async () => {
  const { queue, send, ends } = open();
  const asked = [queue.next(), queue.next(), queue.next(), queue.next()];
  send("a", "late");
  send("c");
  queue.end();
  assert.deepEqual(await Promise.all(asked), [value("a"), value("late"), value("c"), end]);
  assert.deepEqual(await queue.next(), end);
  assert.equal(ends(), 1);
});

test("an error comes behind what is queued, once, and then there is the end", async () => {
  const { queue, send, ends } = open();
  send("a");
  queue.end(new Error("lost"));
  assert.deepEqual(await queue.next(), value("a"));
  await assert.rejects(queue.next(), /lost/);
  assert.deepEqual(await queue.next(), end);
  assert.equal(ends(), 0);
});

test("a message that is none ends the call, whether its reader waits or comes later", async () => {
  for (const waits of [true, false]) {
    const { queue, send, left } = open();
    const asked = waits ? [queue.next(), queue.next()] : [];
    send("bad", "b");
    if (!waits) asked.push(queue.next(), queue.next());
    await assert.rejects(asked[0]!, /bad message/);
    assert.deepEqual(await asked[1], end);
    assert.match(String(left[0]), /bad message/);
    assert.equal(left.length, 1);
  }
});

test("who leaves gets the end, also what was asked for before, and the call hears of it once", async () => {
  const { queue, send, left, ends } = open();
  const asked = queue.next();
  assert.deepEqual(await queue.return(), end);
  assert.deepEqual(await asked, end);
  send("a");
  assert.deepEqual(await queue.next(), end);
  await queue.return();
  assert.deepEqual(left, [undefined]);
  assert.equal(ends(), 0);
});

test("window is given back as messages are taken, also from where they wait packed [WIRE-06]", async () => {
  const { queue, send, credited } = open();
  send("a", "b");
  send("c");
  assert.equal(credited(), 0);
  for (const text of ["a", "b", "c"]) assert.deepEqual(await queue.next(), value(text));
  assert.equal(credited(), 18);
});

test("messages stay as they came when their reader lags and memory is used again [WIRE-10]", async () => {
  const { queue, send } = open();
  const sent: string[] = [];
  const taken: unknown[] = [];
  for (let chunk = 0; chunk < 50; chunk++) {
    const texts = Array.from({ length: chunk % 7 }, (_, i) => `${chunk} ${i}`);
    sent.push(...texts);
    send(...texts);
    for (let i = 0; i < chunk % 5 && taken.length < sent.length; i++) taken.push((await queue.next()).value);
  }
  queue.end();
  for await (const text of queue) taken.push(text);
  assert.deepEqual(taken, sent);
});

test("a queue that has failed from the start tells so once", async () => {
  const queue = endedQueue(new Error("never began"));
  await assert.rejects(queue.next(), /never began/);
  assert.deepEqual(await queue.next(), end);
});
