import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { PayloadSchema } from "../../gen/tenon/testkit/v1/probe_pb.js";
import { eventually } from "../../timing.js";
import { type Rig, failure, pattern } from "./rig.js";

/** One thing that has to work over any byte stream. */
export interface ComplianceCase {
  readonly what: string;
  readonly run: (rig: Rig) => Promise<void>;
}

async function* payloads(count: number, bytes: number): AsyncGenerator<{ data: Uint8Array<ArrayBuffer> }> {
  for (let i = 0; i < count; i++) yield { data: pattern(bytes, i + 1) };
}

function sameBytes(actual: Uint8Array | undefined, expected: Uint8Array): void {
  if (actual !== undefined && Buffer.compare(actual, expected) === 0) return;
  assert.fail(`${actual?.length} bytes came that are not the ${expected.length} that were sent`);
}

/** So many messages, of a sixteenth of a large one, are far more than the windows and the buffers on both sides hold. */
const manyMessages = 256;

/** Calls of every kind, with small and large messages. */
export const callCases: readonly ComplianceCase[] = [
  {
    what: "unary calls, with no byte, one, and some thousand",
    async run({ client }) {
      for (const bytes of [0, 1, 5, 1000, 16_384, 70_000]) {
        const data = pattern(bytes);
        sameBytes((await client.unary({ data })).data, data);
      }
    },
  },
  {
    what: "the three kinds of streams, one after the other and at once",
    async run({ client }) {
      const server = async () => {
        let count = 0;
        for await (const answer of client.serverStream({ count: 20, data: pattern(100) })) {
          assert.equal(answer.count, count++);
        }
        assert.equal(count, 20);
      };
      const bidi = async () => {
        let count = 0;
        for await (const { data } of client.bidi(payloads(20, 300))) sameBytes(data, pattern(300, ++count));
        assert.equal(count, 20);
      };
      const up = async () => assert.equal((await client.clientStream(payloads(20, 300))).count, 20);
      await server();
      await up();
      await bidi();
      await Promise.all([server(), up(), bidi(), server(), up(), bidi()]);
    },
  },
  {
    what: "an exchange in which each side waits for the other",
    async run({ client }) {
      const requests: (() => void)[] = [];
      async function* ask() {
        for (let i = 1; i <= 10; i++) {
          yield { data: pattern(10, i) };
          await new Promise<void>((resolve) => requests.push(resolve));
        }
      }
      let count = 0;
      for await (const { data } of client.bidi(ask())) {
        sameBytes(data, pattern(10, ++count));
        (await eventually(() => requests.shift(), { intervalMs: 1 }))();
      }
      assert.equal(count, 10);
    },
  },
  {
    what: "large messages, both ways and in streams",
    async run({ client, options: { largeBytes } }) {
      const data = pattern(largeBytes);
      sameBytes((await client.unary({ data })).data, data);
      let count = 0;
      for await (const answer of client.bidi(payloads(3, largeBytes))) {
        sameBytes(answer.data, pattern(largeBytes, ++count));
      }
      assert.equal(count, 3);
    },
  },
  {
    what: "many calls at once, of all kinds",
    async run({ client, facts, options: { concurrentCalls } }) {
      const one = async (i: number) => {
        const data = pattern(i * 7, i);
        if (i % 4 === 0) return await failure(client.unary({ status: Code.Aborted }), Code.Aborted);
        if (i % 4 === 1) return assert.equal((await client.clientStream(payloads(3, 10))).count, 3);
        if (i % 4 === 2) return sameBytes((await client.unary({ data })).data, data);
        for await (const answer of client.serverStream({ data, count: 2 })) sameBytes(answer.data, data);
      };
      await Promise.all(Array.from({ length: concurrentCalls }, (_, i) => one(i)));
      await eventually(() => facts.running === 0);
    },
  },
  {
    what: "a reader that stops stops its writer, and the rest arrives when it goes on",
    async run({ client, facts, options: { largeBytes } }) {
      const messageBytes = largeBytes / 16;
      const answers = client.serverStream({ data: pattern(messageBytes), count: manyMessages })[Symbol.asyncIterator]();
      assert.equal((await answers.next()).done, false);
      const stopped = await settled(() => facts.produced);
      assert.ok(stopped < manyMessages, "everything was produced for a reader that takes nothing");
      let read = 1;
      while ((await answers.next()).done !== true) read++;
      assert.equal(read, manyMessages);
    },
  },
  {
    what: "a handler that does not read stops its client, and takes everything when it does",
    async run({ client, facts, options: { largeBytes } }) {
      let open = () => {};
      facts.gate = new Promise((resolve) => (open = resolve));
      const messageBytes = largeBytes / 16;
      let produced = 0;
      async function* requests() {
        for (; produced < manyMessages; produced++) yield { data: pattern(messageBytes) };
      }
      const answer = client.clientStream(requests());
      answer.catch(() => {});
      const stopped = await settled(() => produced);
      assert.ok(stopped < manyMessages, "everything was sent to a handler that takes nothing");
      open();
      assert.equal((await answer).count, manyMessages);
      assert.equal(facts.consumed, manyMessages * messageBytes);
    },
  },
];

/** Ends of calls other than success. */
export const endCases: readonly ComplianceCase[] = [
  {
    what: "status, message, details, headers and trailers",
    async run({ client }) {
      let header = new Headers();
      let trailer = new Headers();
      await client.unary(
        {},
        {
          headers: { "x-probe": "there" },
          onHeader: (headers) => void (header = headers),
          onTrailer: (trailers) => void (trailer = trailers),
        },
      );
      assert.equal(header.get("x-probe"), "there");
      assert.equal(trailer.get("x-probe-trailer"), "there");
      const data = pattern(9);
      const error = await failure(client.unary({ data, status: Code.NotFound }), Code.NotFound);
      assert.equal(error.rawMessage, "asked to fail: ☺ %");
      assert.equal(error.metadata.get("x-failed"), "yes");
      sameBytes(error.findDetails(PayloadSchema)[0]?.data, data);
      let count = 0;
      const read = async () => {
        for await (const _ of client.serverStream({ count: 3, status: Code.DataLoss })) count++;
      };
      await failure(read(), Code.DataLoss);
      assert.equal(count, 3);
    },
  },
  {
    what: "a call that is cancelled aborts its handler",
    async run({ client, facts, channel }) {
      const abort = new AbortController();
      const unary = failure(client.unary({ hang: true }, { signal: abort.signal }), Code.Canceled);
      const read = async () => {
        for await (const _ of client.serverStream({ hang: true, count: 1 }, { signal: abort.signal }));
      };
      const stream = failure(read(), Code.Canceled);
      await eventually(() => facts.running === 2);
      abort.abort();
      await Promise.all([unary, stream]);
      await eventually(() => facts.aborted === 2 && facts.running === 0);
      assert.equal(channel.inFlight, 0);
      await client.unary({});
    },
  },
  {
    what: "a deadline ends the call on both sides",
    async run({ client, facts }) {
      await failure(client.unary({ hang: true }, { timeoutMs: 50 }), Code.DeadlineExceeded);
      await eventually(() => facts.aborted === 1 && facts.running === 0);
      await client.unary({}, { timeoutMs: 60_000 });
    },
  },
];

/** The connection's own life. */
export const connectionCases: readonly ComplianceCase[] = [
  {
    what: "PING is answered, at rest and under load",
    async run({ channel, client }) {
      assert.ok((await channel.ping({ timeoutMs: 5000 })) >= 0);
      const [ms] = await Promise.all([
        channel.ping({ timeoutMs: 10_000 }),
        ...Array.from({ length: 20 }, () => client.unary({ data: pattern(5000) })),
      ]);
      assert.ok(ms >= 0);
    },
  },
  {
    what: "a client that closes gets its last answers, and both byte streams close",
    async run({ channel, client, server, ends, facts }) {
      let open = () => {};
      facts.gate = new Promise((resolve) => (open = resolve));
      const answer = client.clientStream(payloads(5, 1000));
      await eventually(() => facts.running === 1);
      const closed = channel.close();
      await failure(client.unary({}), Code.Unavailable);
      open();
      assert.equal((await answer).count, 5);
      assert.equal((await closed).kind, "closed");
      await eventually(() => server.connectionCount === 0);
      await bothClosed(ends);
    },
  },
  {
    what: "a server that closes gives its last answers, and both byte streams close",
    async run({ channel, client, server, ends, facts }) {
      let open = () => {};
      facts.gate = new Promise((resolve) => (open = resolve));
      const answer = client.clientStream(payloads(3, 10));
      await eventually(() => facts.running === 1);
      const closed = server.close();
      await failure(
        repeat(() => client.unary({})),
        Code.Unavailable,
      );
      open();
      assert.equal((await answer).count, 3);
      await closed;
      assert.equal((await channel.closed).kind, "goaway");
      await bothClosed(ends);
    },
  },
  {
    what: "a server that is closed at the same moment as the first call loses it or answers it, never both",
    async run({ client, server, facts }) {
      const calls = Promise.allSettled(Array.from({ length: 5 }, () => client.unary({})));
      await server.close();
      for (const outcome of await calls) {
        if (outcome.status === "rejected") assert.equal(ConnectError.from(outcome.reason).code, Code.Unavailable);
      }
      assert.equal(facts.running, 0);
    },
  },
  {
    what: "the loss of the client's end aborts the handlers",
    async run({ client, ends, facts, server, channel }) {
      const calls = [1, 2, 3].map(() => failure(client.unary({ hang: true }), Code.Unavailable));
      await eventually(() => facts.running === 3);
      ends.client.destroy();
      await Promise.all(calls);
      assert.equal((await channel.closed).kind, "lost");
      await eventually(() => facts.aborted === 3 && facts.running === 0 && server.connectionCount === 0);
    },
  },
  {
    what: "the loss of the server's end fails the calls, each once",
    async run({ client, ends, facts, channel }) {
      const calls = [1, 2, 3].map(() => failure(client.unary({ hang: true }), Code.Unavailable));
      await eventually(() => facts.running === 3);
      ends.server.destroy();
      await Promise.all(calls);
      assert.equal((await channel.closed).kind, "lost");
      assert.equal(channel.inFlight, 0);
      await failure(client.unary({}), Code.Unavailable);
      await eventually(() => facts.running === 0);
    },
  },
];

/** The value of a counter that has come to rest. */
async function settled(count: () => number): Promise<number> {
  await eventually(() => count() > 0);
  for (;;) {
    const before = count();
    await sleep(150);
    if (count() === before) return before;
  }
}

/** Calls until a call fails. */
async function repeat(call: () => Promise<unknown>): Promise<never> {
  for (;;) await call();
}

async function bothClosed({ client, server }: Rig["ends"]): Promise<void> {
  await eventually(() => client.destroyed && server.destroyed, { what: "the end of both byte streams" });
}
