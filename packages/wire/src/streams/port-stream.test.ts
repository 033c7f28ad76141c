import assert from "node:assert/strict";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, test } from "node:test";
import { MessageChannel } from "node:worker_threads";
import { Code, ConnectError } from "@connectrpc/connect";
import { eventually } from "@tenon/testkit";
import * as fc from "fast-check";
import { streamFromPort } from "./port-stream.js";

function pair(windowBytes = 1024 * 1024): [Duplex, Duplex] {
  const { port1, port2 } = new MessageChannel();
  return [streamFromPort(port1, { windowBytes }), streamFromPort(port2, { windowBytes })];
}

/** What one stream sends, message by message. */
function listen(): { readonly stream: Duplex; readonly messages: unknown[]; readonly close: () => void } {
  const { port1, port2 } = new MessageChannel();
  const messages: unknown[] = [];
  port2.on("message", (message) => messages.push(message));
  return { stream: streamFromPort(port1, { windowBytes: 65_536 }), messages, close: () => port2.close() };
}

/** Everything until the end of one direction; iterating would destroy the other one then. */
async function readAll(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(stream, "end");
  return Buffer.concat(chunks);
}

async function closed(stream: Duplex): Promise<unknown> {
  let failure: unknown;
  stream.on("error", (error) => (failure = error));
  if (!stream.closed) await new Promise((resolve) => stream.once("close", resolve));
  return failure;
}

describe("a byte stream on a message port", () => {
  test("whatever the sizes and the window, the bytes arrive in order, both ways [WRK-11]", async () => {
    const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1000, max: 400_000 })), {
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(sizes, sizes, fc.constantFrom(1024, 20_000, 1024 * 1024), async (up, down, windowBytes) => {
        const [near, far] = pair(windowBytes);
        const send = (stream: Duplex, lengths: readonly number[]): Buffer => {
          const chunks = lengths.map((length, i) => Buffer.alloc(length, i + 1));
          for (const chunk of chunks) stream.write(chunk);
          stream.end();
          return Buffer.concat(chunks);
        };
        const [sentUp, sentDown] = [send(near, up), send(far, down)];
        const [gotUp, gotDown] = await Promise.all([readAll(far), readAll(near)]);
        assert.equal(Buffer.compare(gotUp, sentUp), 0);
        assert.equal(Buffer.compare(gotDown, sentDown), 0);
      }),
      { numRuns: 40 },
    );
  });

  test("small writes of one turn are one message, in memory that is nobody's [WRK-11]", async () => {
    const { stream, messages, close } = listen();
    const reused = Buffer.from("one");
    stream.write(reused);
    reused.write("two");
    stream.write(reused);
    await Promise.resolve();
    stream.write("three");
    await eventually(() => messages.length > 0);
    assert.deepEqual(
      messages.map((message) => Buffer.from(message as Uint8Array).toString()),
      ["onetwothree"],
    );
    const large = Buffer.alloc(100_000, 1);
    stream.write(large);
    await eventually(() => messages.length === 2);
    assert.deepEqual([large.length, large[99_999]], [100_000, 1]);
    close();
    await closed(stream);
  });

  test("a write waits for a reader that is a window behind, and goes on when it reads [WRK-11]", async () => {
    const [near, far] = pair(4096);
    let done = 0;
    for (let i = 0; i < 10; i++) near.write(Buffer.alloc(300_000), () => done++);
    await sleep(50);
    assert.ok(done <= 1);
    let read = 0;
    far.on("data", (chunk: Buffer) => (read += chunk.length));
    await eventually(() => read === 3_000_000 && done === 10);
    near.destroy();
    await closed(far);
  });

  test("nothing is written as nothing, also behind a full window [WRK-11]", async () => {
    const [near, far] = pair(1024);
    for (const bytes of [0, 300_000, 0, 0, 20_000, 0]) near.write(Buffer.alloc(bytes));
    near.write("");
    near.end();
    assert.equal((await readAll(far)).length, 320_000);
    far.destroy();
    await closed(near);
  });

  test("each direction ends by itself [WRK-11]", async () => {
    const [near, far] = pair();
    near.end("question");
    assert.equal(String(await readAll(far)), "question");
    far.end("answer");
    assert.equal(String(await readAll(near)), "answer");
    assert.deepEqual(await Promise.all([closed(near), closed(far)]), [undefined, undefined]);
  });

  test("an error crosses over behind what was sent, as its message [WRK-11]", async () => {
    const [near, far] = pair();
    near.on("error", () => {});
    near.write("all that was sent");
    near.destroy(new Error("because of me"));
    const got: Buffer[] = [];
    far.on("data", (chunk: Buffer) => got.push(chunk));
    const failure = await closed(far);
    assert.equal(Buffer.concat(got).toString(), "all that was sent");
    assert.ok(failure instanceof ConnectError);
    assert.deepEqual([failure.code, failure.rawMessage], [Code.Canceled, "because of me"]);
  });

  test("what was sent can still be read piece by piece after the other side was destroyed [WRK-11]", async () => {
    const [near, far] = pair();
    for (let i = 0; i < 3; i++) {
      near.write(Buffer.alloc(20_000, i));
      await sleep(5);
    }
    near.destroy();
    await sleep(20);
    let read = 0;
    await assert.rejects(async () => {
      for await (const chunk of far) {
        read += (chunk as Buffer).length;
        await sleep(5);
      }
    }, /destroyed/);
    assert.equal(read, 60_000);
  });

  test("a port that closes fails the stream, and a write that waits [WRK-11]", async () => {
    const { port1, port2 } = new MessageChannel();
    const stream = streamFromPort(port1, { windowBytes: 1024 });
    let failed: unknown;
    stream.write(Buffer.alloc(300_000));
    stream.write(Buffer.alloc(10), (error) => (failed = error));
    stream.resume();
    port2.close();
    const failure = await closed(stream);
    assert.equal(ConnectError.from(failure).code, Code.Unavailable);
    await eventually(() => failed instanceof Error);
  });

  test("who knows more about the end of the port says what the stream fails with [WRK-11]", async () => {
    const { port1, port2 } = new MessageChannel();
    const stream = streamFromPort(port1, {
      explainLoss: async ({ rawMessage }) => new Error(`the thread is gone: ${rawMessage}`),
    });
    port2.close();
    stream.resume();
    assert.match(String(await closed(stream)), /the thread is gone: the message port was closed/);
    const other = new MessageChannel();
    const failing = streamFromPort(other.port1, { explainLoss: () => Promise.reject(new Error("nobody knows")) });
    other.port2.close();
    failing.resume();
    assert.match(String(await closed(failing)), /port was closed/);
  });

  test("a peer that ends and is then destroyed fails what is still being written [WRK-11]", async () => {
    const [near, far] = pair(1024);
    far.end();
    near.resume();
    let failed: unknown;
    near.write(Buffer.alloc(600_000));
    near.write("more", (error) => (failed = error));
    await sleep(10);
    far.destroy();
    assert.ok((await closed(near)) instanceof ConnectError);
    assert.ok(failed instanceof Error);
  });

  test("a peer that does not keep to the window, or sends what is none of ours, fails the stream [WRK-11]", async () => {
    const { port1, port2 } = new MessageChannel();
    const flooded = streamFromPort(port1, { windowBytes: 1024 });
    for (let i = 0; i < 5; i++) port2.postMessage(new Uint8Array(100_000));
    assert.equal(ConnectError.from(await closed(flooded)).code, Code.ResourceExhausted);
    for (const message of [{ a: 1 }, undefined, "text", true]) {
      const channel = new MessageChannel();
      const stream = streamFromPort(channel.port1);
      channel.port2.postMessage(message);
      assert.match(String(await closed(stream)), /none of ours/);
    }
  });

  test("a window that is none is refused", () => {
    const { port1, port2 } = new MessageChannel();
    for (const windowBytes of [0, 1.5, Number.NaN]) {
      assert.throws(() => streamFromPort(port1, { windowBytes }), { code: "option-invalid" });
    }
    port1.close();
    port2.close();
  });

  test("destroying it twice, or after its end, closes the port once and says nothing [WRK-11]", async () => {
    const { stream, messages, close } = listen();
    stream.end("x");
    stream.destroy();
    stream.destroy();
    await once(stream, "close");
    await eventually(() => messages.length > 0);
    close();
    assert.ok(messages[0] instanceof Uint8Array);
  });
});
