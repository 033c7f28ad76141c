import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { isTenonError } from "@tenon/core";
import { eventually } from "@tenon/testkit";
import { type MessageSource, takeWith } from "../grpc/direct-messages.js";
import { createFrameLink, type FrameLinkOptions } from "./frame-link.js";

const link = (options?: FrameLinkOptions<string>) =>
  createFrameLink<string>((bytes) => `bytes ${Buffer.from(bytes).toString()}`, options);

/** Gives one log frame after the other. */
function logs(count: number): () => string | undefined {
  let given = 0;
  return () => (given < count ? `log ${++given}` : undefined);
}

async function collect(outgoing: AsyncIterable<string>): Promise<string[]> {
  const frames: string[] = [];
  for await (const frame of outgoing) frames.push(frame);
  return frames;
}

describe("a byte stream among frames [BIND-17]", () => {
  test("what is urgent goes first, then bytes, then what can wait", async () => {
    const { outgoing, duplex, urgent, offerIdle, close } = link({ maxFrameBytes: 4 });
    offerIdle(logs(2));
    duplex.write("abcdef");
    urgent("beat 1");
    urgent("beat 2");
    close("goodbye");
    const expected = ["beat 1", "beat 2", "bytes abcd", "bytes ef", "log 1", "log 2", "goodbye"];
    assert.deepEqual(await collect(outgoing), expected);
  });

  test("something urgent overtakes bytes and logs that are on their way", async () => {
    const { outgoing, duplex, urgent, offerIdle } = link({ maxFrameBytes: 1 });
    const frames = outgoing[Symbol.asyncIterator]();
    const next = async () => (await frames.next()).value as string;
    duplex.write("ab");
    offerIdle(logs(2));
    assert.equal(await next(), "bytes a");
    urgent("beat");
    assert.equal(await next(), "beat");
    assert.equal(await next(), "bytes b");
    assert.equal(await next(), "log 1");
    duplex.write("c");
    assert.equal(await next(), "bytes c");
    assert.equal(await next(), "log 2");
    duplex.destroy();
  });

  test("whoever waits for a frame is given the first that comes, of each kind", async () => {
    const { outgoing, duplex, urgent, offerIdle, close } = link();
    const frames = outgoing[Symbol.asyncIterator]();
    for (const [act, frame] of [
      [() => duplex.write("x"), "bytes x"],
      [() => urgent("beat"), "beat"],
      [() => offerIdle(logs(1)), "log 1"],
      [() => close("goodbye"), "goodbye"],
    ] as const) {
      const asked = frames.next();
      act();
      assert.equal((await asked).value, frame);
    }
    assert.equal((await frames.next()).done, true);
  });
});

test("frames can be taken without waiting for promises [BIND-17]", () => {
  const { outgoing, duplex, urgent, offerIdle, destroy } = link();
  duplex.on("error", () => {});
  const frames: MessageSource<string> = outgoing[Symbol.asyncIterator]();
  const taken: unknown[] = [];
  const take = frames[takeWith]!(() => {
    for (let result = take(); result !== undefined; result = take()) taken.push(result.value);
  });
  assert.equal(take(), undefined);
  duplex.write("x");
  urgent("beat");
  offerIdle(logs(2));
  assert.deepEqual(taken, ["bytes x", "beat", "log 1", "log 2"]);
  assert.throws(() => destroy(new Error("broken")), /broken/);
});

describe("a link of frames is bounded", () => {
  test("a write is done when its bytes were asked for", async () => {
    const { outgoing, duplex } = link({ maxFrameBytes: 4 });
    let isDone = false;
    duplex.write("abcdef", () => (isDone = true));
    const frames = outgoing[Symbol.asyncIterator]();
    await frames.next();
    await new Promise(setImmediate);
    assert.equal(isDone, false);
    await frames.next();
    await eventually(() => isDone || undefined);
    duplex.destroy();
  });

  test("received bytes wait for their reader", async () => {
    const { duplex, receiveBytes } = link({ maxReadBytes: 4 });
    assert.equal(receiveBytes(Buffer.from("ab")), true);
    const wait = receiveBytes(Buffer.from("cdef"));
    assert.notEqual(wait, true);
    let mayGoOn = false;
    void Promise.resolve(wait).then(() => (mayGoOn = true));
    await new Promise(setImmediate);
    assert.equal(mayGoOn, false);
    duplex.resume();
    await wait;
    duplex.destroy();
  });

  test("too many urgent frames that nobody takes end it", async () => {
    const { outgoing, duplex, urgent } = link({ maxUrgentFrames: 2 });
    const closed = once(duplex, "error");
    for (let i = 0; i < 3; i++) urgent(`beat ${i}`);
    assert.equal(ConnectError.from((await closed)[0]).code, Code.ResourceExhausted);
    await assert.rejects(collect(outgoing), (error) => ConnectError.from(error).code === Code.ResourceExhausted);
  });

  test("options out of their range are refused", () => {
    for (const options of [{ maxFrameBytes: 0 }, { maxReadBytes: -1 }, { maxUrgentFrames: 0.5 }]) {
      assert.throws(
        () => link(options),
        (error) => isTenonError(error, "option-invalid"),
      );
    }
  });
});

describe("the end of a link of frames", () => {
  test("no bytes are the end of the bytes, either way [BIND-15]", async () => {
    const { outgoing, duplex, receiveBytes } = link({ outlivesDuplex: true });
    const frames = outgoing[Symbol.asyncIterator]();
    duplex.end("last");
    assert.equal((await frames.next()).value, "bytes last");
    assert.equal((await frames.next()).value, "bytes ");
    const ended = once(duplex.resume(), "end");
    receiveBytes(Buffer.alloc(0));
    await ended;
  });

  test("a link that outlives its byte stream goes on without it", async () => {
    const { outgoing, duplex, urgent, receiveBytes, close } = link({ outlivesDuplex: true });
    duplex.destroy();
    await once(duplex, "close");
    urgent("beat");
    assert.equal(receiveBytes(Buffer.from("nobody reads this")), true);
    close("goodbye");
    assert.deepEqual(await collect(outgoing), ["beat", "goodbye"]);
  });

  test("bytes that came are read before their end", async () => {
    const { duplex, receiveBytes, endBytes, destroy } = link();
    receiveBytes(Buffer.from("one "));
    receiveBytes(Buffer.from("two"));
    endBytes();
    assert.equal(receiveBytes(Buffer.from("late")), true);
    const read: Buffer[] = [];
    for await (const chunk of duplex.iterator({ destroyOnReturn: false })) read.push(chunk as Buffer);
    assert.equal(Buffer.concat(read).toString(), "one two");
    destroy();
  });

  test("a cut drops what waits but what is urgent, and says its last", async () => {
    const { outgoing, duplex, urgent, offerIdle, cut } = link();
    const errors: unknown[] = [];
    duplex.on("error", (error) => errors.push(error));
    duplex.write("lost");
    offerIdle(logs(1));
    urgent("beat");
    cut("goodbye", new Error("kicked"));
    assert.deepEqual(await collect(outgoing), ["beat", "goodbye"]);
    await eventually(() => errors.length > 0 || undefined);
    assert.equal(String(errors[0]), "Error: kicked");
  });

  test("whoever destroys the byte stream ends the frames with its error", async () => {
    const { outgoing, duplex } = link();
    duplex.on("error", () => {});
    duplex.destroy(new Error("broken"));
    await assert.rejects(collect(outgoing), /broken/);
  });

  test("unless there is a last frame for that", async () => {
    const { outgoing, duplex } = link({ farewell: (error) => `goodbye, ${error?.message}` });
    duplex.on("error", () => {});
    duplex.write("lost");
    duplex.destroy(new Error("broken"));
    assert.deepEqual(await collect(outgoing), ["goodbye, broken"]);
  });

  test("when both sides of the byte stream have ended, the frames end in order", async () => {
    const { outgoing, duplex, urgent, endBytes } = link();
    duplex.resume();
    urgent("beat");
    duplex.end("last");
    endBytes();
    assert.deepEqual(await collect(outgoing), ["beat", "bytes last", "bytes "]);
  });

  test("a writer that waits is told when the frames are left or destroyed", async () => {
    for (const end of ["leave", "destroy"] as const) {
      const { outgoing, duplex, destroy } = link();
      duplex.on("error", () => {});
      const written = new Promise((resolve) => duplex.write("x".repeat(1 << 20), resolve));
      const frames = outgoing[Symbol.asyncIterator]();
      await frames.next();
      if (end === "leave") await frames.return?.();
      else destroy();
      assert.equal(ConnectError.from(await written).code, Code.Canceled);
    }
  });
});
