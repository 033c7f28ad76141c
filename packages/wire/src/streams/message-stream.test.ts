import assert from "node:assert/strict";
import { once } from "node:events";
import { buffer, text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { eventually } from "@tenon/testkit";
import * as fc from "fast-check";
import { streamFromMessages } from "./message-stream.js";

async function* messages(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const each of texts) yield Buffer.from(each);
}

/** Messages that come when they are told to. */
function source(): {
  incoming: AsyncIterable<Uint8Array>;
  asked: () => number;
  left: () => boolean;
  give: (text: string) => void;
  fail: (error: Error) => void;
} {
  let asked = 0;
  let left = false;
  let settle: { resolve(result: IteratorResult<Uint8Array>): void; reject(error: Error): void } | undefined;
  return {
    incoming: {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          asked++;
          return new Promise((resolve, reject) => (settle = { resolve, reject }));
        },
        return: async () => {
          left = true;
          return { done: true, value: undefined };
        },
      }),
    },
    asked: () => asked,
    left: () => left,
    give: (each) => settle!.resolve({ done: false, value: Buffer.from(each) }),
    fail: (error) => settle!.reject(error),
  };
}

async function collect(outgoing: AsyncIterable<Uint8Array>): Promise<string[]> {
  const texts: string[] = [];
  for await (const message of outgoing) texts.push(Buffer.from(message).toString());
  return texts;
}

describe("a byte stream made of messages [WIRE-49]", () => {
  test("bytes go both ways, and each direction ends by itself", async () => {
    const { duplex, outgoing } = streamFromMessages(messages("one ", "", "two"));
    duplex.write("three");
    duplex.end(" four");
    assert.equal((await collect(outgoing)).join(""), "three four");
    const closed = once(duplex, "close");
    assert.equal(await text(duplex), "one two");
    await closed;
  });

  test("whatever the pieces, the bytes arrive in order, in messages of the size allowed", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 40 }),
        async (chunks, maxMessageBytes) => {
          const up = streamFromMessages(messages(), { maxMessageBytes });
          const down = streamFromMessages(
            (async function* () {
              for await (const message of up.outgoing) {
                assert.ok(message.length > 0 && message.length <= maxMessageBytes);
                yield message;
              }
            })(),
          );
          for (const chunk of chunks) up.duplex.write(chunk);
          up.duplex.end();
          assert.deepEqual(await buffer(down.duplex), Buffer.concat(chunks));
          up.duplex.destroy();
          down.duplex.destroy();
        },
      ),
      { numRuns: 50 },
    );
  });

  test("a message is asked for only when somebody wants to read", async () => {
    const { incoming, asked, give } = source();
    const { duplex } = streamFromMessages(incoming);
    await new Promise(setImmediate);
    assert.equal(asked(), 0);
    duplex.once("data", () => duplex.pause());
    await eventually(() => asked() === 1);
    give("first");
    await new Promise(setImmediate);
    // One more waits in the Readable, none behind it.
    give("second");
    await new Promise(setImmediate);
    assert.ok(asked() <= 2);
    duplex.destroy();
  });

  test("a write is done when its bytes were asked for", async () => {
    const { duplex, outgoing } = streamFromMessages(source().incoming, { maxMessageBytes: 4 });
    let written = 0;
    for (let i = 0; i < 3; i++) duplex.write("12345678", () => written++);
    await new Promise(setImmediate);
    assert.equal(written, 0);
    assert.equal(duplex.write("x"), false);
    const iterator = outgoing[Symbol.asyncIterator]();
    for (let i = 0; i < 2; i++) assert.equal((await iterator.next()).done, false);
    await new Promise(setImmediate);
    assert.equal(written, 1);
    duplex.on("error", () => {});
    duplex.destroy();
  });

  test("the function gets what goes out and a signal, which aborts when the stream is destroyed early", async () => {
    let got: { outgoing: AsyncIterable<Uint8Array>; signal: AbortSignal } | undefined;
    const { duplex, outgoing } = streamFromMessages((out, signal) => {
      got = { outgoing: out, signal };
      return source().incoming;
    });
    assert.equal(got?.outgoing, outgoing);
    const reading = collect(outgoing);
    reading.catch(() => {});
    duplex.resume();
    duplex.destroy();
    await assert.rejects(reading, (error) => ConnectError.from(error).code === Code.Canceled);
    assert.equal(got?.signal.aborted, true);
  });

  test("a stream that has ended on both sides aborts nothing", async () => {
    let aborted: AbortSignal | undefined;
    const { duplex, outgoing } = streamFromMessages((_, signal) => {
      aborted = signal;
      return messages("all");
    });
    duplex.end("all");
    await Promise.all([collect(outgoing), text(duplex)]);
    duplex.destroy();
    assert.equal(aborted?.aborted, false);
  });

  test("messages that fail fail the stream and what goes out, with their error", async () => {
    const { incoming, fail } = source();
    const { duplex, outgoing } = streamFromMessages(incoming);
    const reading = collect(outgoing);
    reading.catch(() => {});
    const failed = once(duplex, "error");
    duplex.resume();
    await new Promise(setImmediate);
    const error = new ConnectError("gone", Code.Unavailable);
    fail(error);
    assert.equal((await failed)[0], error);
    await assert.rejects(reading, error);
  });

  test("a stream that is destroyed with an error tells it, and leaves the messages that come", async () => {
    const { incoming, left } = source();
    const { duplex, outgoing } = streamFromMessages(incoming);
    duplex.on("error", () => {});
    const error = new ConnectError("no more", Code.ResourceExhausted);
    duplex.destroy(error);
    await assert.rejects(collect(outgoing), error);
    assert.ok(left());
    assert.deepEqual(await collect(outgoing), []);
  });

  test("whoever leaves the outgoing messages destroys the stream, and a pending write fails", async () => {
    const { duplex, outgoing } = streamFromMessages(source().incoming, { maxMessageBytes: 2 });
    const failed = new Promise((resolve) => duplex.write("12345", resolve));
    duplex.on("error", () => {});
    for await (const _ of outgoing) break;
    assert.ok(duplex.destroyed);
    assert.ok((await failed) instanceof Error);
  });

  test("its signal destroys it with the reason", async () => {
    const controller = new AbortController();
    const { duplex, outgoing } = streamFromMessages(source().incoming, { signal: controller.signal });
    const failed = once(duplex, "error");
    controller.abort(new ConnectError("too late", Code.DeadlineExceeded));
    assert.match(String((await failed)[0]), /too late/);
    await assert.rejects(collect(outgoing), /too late/);
    const late = streamFromMessages(source().incoming, { signal: AbortSignal.abort(new Error("before")) });
    assert.match(String((await once(late.duplex, "error"))[0]), /before/);
  });
});
