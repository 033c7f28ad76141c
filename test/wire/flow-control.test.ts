import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "@tenon/testkit";
import { closeEcho, connectEcho } from "./pair.js";

const chunk = { chunks: [new Uint8Array(10_000)] };

/** Resolves with the count once it has not grown for a while. */
async function settled(count: () => number): Promise<number> {
  let last = -1;
  await eventually(
    () => {
      const still = count() === last;
      last = count();
      return still;
    },
    { intervalMs: 50 },
  );
  return last;
}

test("a reader that takes nothing holds back the server's generator, and nobody else [WIRE-06]", async () => {
  let produced = 0;
  const pair = connectEcho(
    {
      async *serverStream() {
        for (;;) {
          produced += 1;
          yield chunk;
        }
      },
      unary: (request) => request,
    },
    // A window that grows with the round trip would let more in the slower this machine is.
    { channel: { maxStreamWindowBytes: 1024 * 1024 } },
  );
  const abort = new AbortController();
  const answers = pair.client.serverStream({}, { signal: abort.signal })[Symbol.asyncIterator]();
  await answers.next();
  const held = await settled(() => produced);
  assert.ok(held < 300, `${held} messages of 10 kB were produced for one that was read`);
  assert.equal((await pair.client.unary(chunk)).chunks[0]!.length, 10_000);
  for (let i = 0; i < 1000; i++) await answers.next();
  assert.ok(produced > 1000);
  assert.ok((await settled(() => produced)) < 1300);
  abort.abort();
  await closeEcho(pair);
});

test("a handler that takes nothing holds back the caller's requests [WIRE-06]", async () => {
  let sent = 0;
  let release = (): void => {};
  const reading = new Promise<void>((resolve) => {
    release = resolve;
  });
  const pair = connectEcho({
    async clientStream(requests) {
      await reading;
      let bytes = 0;
      for await (const { chunks } of requests) bytes += chunks[0]!.length;
      return { chunks: [new TextEncoder().encode(String(bytes))] };
    },
  });
  async function* requests() {
    for (; sent < 1000; sent++) yield chunk;
  }
  const answer = pair.client.clientStream(requests());
  const held = await settled(() => sent);
  assert.ok(held < 300, `${held} messages of 10 kB were sent and none was read`);
  release();
  assert.equal(new TextDecoder().decode((await answer).chunks[0]), "10000000");
  await closeEcho(pair);
});

test("a peer that reads no bytes holds back the generator before memory does [WIRE-06]", async () => {
  let produced = 0;
  const pair = connectEcho(
    {
      async *serverStream() {
        for (; produced < 100_000; produced++) yield chunk;
      },
    },
    { channel: { streamWindowBytes: 0x7fffffff, connectionWindowBytes: 0x7fffffff } },
  );
  const abort = new AbortController();
  const answers = pair.client.serverStream({}, { signal: abort.signal })[Symbol.asyncIterator]();
  await answers.next();
  pair.ends[0].pause();
  const before = await settled(() => produced);
  await sleep(50);
  assert.equal(produced, before);
  assert.ok(produced < 2000, `${produced} messages were produced`);
  pair.ends[0].resume();
  await eventually(() => produced > before);
  abort.abort();
  await closeEcho(pair);
});

test("messages larger than every window arrive, both ways [WIRE-06]", async () => {
  const pair = connectEcho(
    { unary: (request) => request },
    {
      channel: { streamWindowBytes: 65_535, connectionWindowBytes: 65_535 },
      server: { streamWindowBytes: 65_535, connectionWindowBytes: 65_535 },
    },
  );
  const big = new Uint8Array(5_000_000).map((_, i) => i);
  const answers = await Promise.all([1, 2, 3].map(() => pair.client.unary({ chunks: [big] })));
  for (const { chunks } of answers) assert.deepEqual(Buffer.compare(chunks[0]!, big), 0);
  await closeEcho(pair);
});
