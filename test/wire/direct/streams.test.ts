import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { eventually } from "@tenon/testkit";
import { createClient } from "@tenon/wire";
import { createDirectChannel, directService } from "@tenon/wire/direct";
import { Echo, type EchoMessage } from "../../gen/tenon/test/v1/echo_pb.js";

function open(service: Partial<ServiceImpl<typeof Echo>>) {
  const channel = createDirectChannel([directService(Echo, service)]);
  return { channel, client: createClient(Echo, channel.transport) };
}

test("the handler is asked for an answer when the reader wants one, and only the first is made ahead [INL-05]", async () => {
  let made = 0;
  const { client } = open({
    async *serverStream() {
      for (;;) {
        made++;
        yield {};
      }
    },
  });
  const answers = client.serverStream({})[Symbol.asyncIterator]();
  for (let taken = 1; taken <= 5; taken++) {
    await answers.next();
    await sleep(2);
    assert.equal(made, taken);
  }
  await answers.return!();
});

test("the caller is asked for a request when the handler wants one [INL-05]", async () => {
  let made = 0;
  async function* requests() {
    for (;;) {
      made++;
      yield {};
    }
  }
  const seen: number[] = [];
  const { client, channel } = open({
    async clientStream(messages) {
      const reader = messages[Symbol.asyncIterator]();
      for (let taken = 0; taken < 3; taken++) {
        await sleep(2);
        seen.push(made);
        await reader.next();
      }
      return {};
    },
  });
  await client.clientStream(requests());
  assert.deepEqual(seen, [0, 1, 2]);
  assert.equal(made, 3);
  assert.equal(channel.inFlight, 0);
});

test("who leaves a stream ends the handler's iterator and waits for nothing [INL-06]", async () => {
  const events: string[] = [];
  const { client, channel } = open({
    async *serverStream(_, { signal }) {
      signal.addEventListener("abort", () => events.push(`aborted: ${(signal.reason as ConnectError).code}`));
      try {
        for (;;) yield {};
      } finally {
        events.push("cleaning up");
        await sleep(50);
        events.push("clean");
      }
    },
  });
  for await (const _ of client.serverStream({})) break;
  assert.deepEqual(events, [`aborted: ${Code.Canceled}`, "cleaning up"]);
  assert.equal(channel.inFlight, 0);
  await eventually(() => events.at(-1) === "clean");
});

test("the requests of a call that is over end too, on both sides [INL-06]", async () => {
  const events: string[] = [];
  async function* requests() {
    try {
      for (;;) yield {};
    } finally {
      events.push("caller");
    }
  }
  const { client } = open({
    async *bidi(messages) {
      try {
        for await (const _ of messages) yield {};
      } catch (error) {
        events.push(`handler: ${Code[(error as ConnectError).code]}`);
      }
    },
  });
  let count = 0;
  for await (const _ of client.bidi(requests())) if (++count === 3) break;
  await eventually(() => events.includes("caller"));
});

test("what the caller's requests throw fails the call, and the handler is told CANCELED [INL-06]", async () => {
  // oxlint-disable-next-line require-yield
  async function* requests() {
    yield {};
    throw new ConnectError("out of paper", Code.DataLoss);
  }
  const seen: unknown[] = [];
  const { client } = open({
    async clientStream(messages, context) {
      try {
        for await (const _ of messages);
      } catch (error) {
        seen.push((error as ConnectError).code, context.signal.aborted);
      }
      return {};
    },
  });
  await assert.rejects(client.clientStream(requests()), { code: Code.DataLoss, rawMessage: "out of paper" });
  assert.deepEqual(seen, [Code.Canceled, true]);
});

test("a deadline ends a stream although both sides always have a next message ready [INL-02]", async () => {
  const { client } = open({
    async *serverStream() {
      for (;;) yield {};
    },
    async *bidi(messages) {
      yield* messages;
    },
  });
  async function* endless() {
    for (;;) yield {};
  }
  const drain = async (answers: AsyncIterable<EchoMessage>) => {
    for await (const _ of answers);
  };
  await assert.rejects(drain(client.serverStream({}, { timeoutMs: 30 })), { code: Code.DeadlineExceeded });
  await assert.rejects(drain(client.bidi(endless(), { timeoutMs: 30 })), { code: Code.DeadlineExceeded });
  await assert.rejects(client.clientStream(endless(), { timeoutMs: 30 }), { code: Code.Unimplemented });
});

test("an iterator written by hand is asked for one answer at a time, and its faults fail the call [INL-05]", async () => {
  let asked = 0;
  let most = 0;
  const byHand = (result: () => unknown) =>
    ({
      [Symbol.asyncIterator]: () => ({
        async next() {
          most = Math.max(most, ++asked);
          await sleep(1);
          asked--;
          return result();
        },
      }),
    }) as AsyncIterable<object>;
  const results: (() => unknown)[] = [];
  const { client } = open({ serverStream: () => byHand(() => results.shift()!()) });

  results.push(
    () => ({ done: false, value: {} }),
    () => ({ done: false, value: {} }),
    () => ({ done: true }),
  );
  const answers = client.serverStream({})[Symbol.asyncIterator]();
  const all = await Promise.all([answers.next(), answers.next(), answers.next(), answers.next()]);
  assert.deepEqual(
    all.map(({ done }) => done),
    [false, false, true, true],
  );
  assert.equal(most, 1);

  results.push(() => undefined);
  const broken = client.serverStream({})[Symbol.asyncIterator]();
  await assert.rejects(broken.next(), { code: Code.Unknown });
  assert.deepEqual(await broken.next(), { done: true, value: undefined });

  const { client: none } = open({ serverStream: () => undefined as never });
  await assert.rejects(none.serverStream({})[Symbol.asyncIterator]().next(), { code: Code.Unknown });
});

test("headers are there with the first answer, trailers at the end [INL-04]", async () => {
  const { client } = open({
    async *serverStream(_, { responseHeader, responseTrailer }) {
      responseHeader.set("x-head", "1");
      responseHeader.set("content-length", "9");
      yield {};
      responseHeader.set("x-head", "too late");
      responseTrailer.set("x-tail", "2");
    },
  });
  const events: string[] = [];
  const answers = client.serverStream(
    {},
    {
      onHeader: (headers) => events.push(`head ${[...headers].join()}`),
      onTrailer: (trailers) => events.push(`tail ${[...trailers].join()}`),
    },
  );
  for await (const _ of answers) events.push("message");
  assert.deepEqual(events, ["head x-head,1", "message", "tail x-tail,2"]);
});

test("an abort while the handler thinks ends the stream at once [INL-02]", async () => {
  const { client } = open({
    async *serverStream(_, { signal }) {
      yield {};
      await once(signal, "abort");
    },
  });
  const abort = new AbortController();
  const answers = client.serverStream({}, { signal: abort.signal })[Symbol.asyncIterator]();
  await answers.next();
  const next = answers.next();
  abort.abort();
  await assert.rejects(next, { code: Code.Canceled });
});
