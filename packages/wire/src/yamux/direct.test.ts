import assert from "node:assert/strict";
import { once } from "node:events";
import { after, describe, test } from "node:test";
import { createDuplexPair, eventually } from "@tenon/testkit";
import { readFrom } from "../http2/direct-reading.js";
import { writerOf } from "../http2/direct-writing.js";
import { connectRawPeer, connectSessions, formatFrame, quiet, readAll } from "./raw-peer.testing.js";
import { createYamuxSession } from "./session.js";

// Streams in memory do not keep a process alive, and the session's timers are not meant to.
const alive = setInterval(() => {}, 1000);
after(() => clearInterval(alive));

const nothing = () => {};

describe("a direct writer", () => {
  test("leaves at once, in one frame where it was corked, and is told when to go on [WIRE-18]", async () => {
    const peer = connectRawPeer({ role: "client" });
    const stream = quiet(await peer.session.open());
    let drains = 0;
    const writer = writerOf(stream, () => drains++);
    assert.equal(writer.write(Buffer.from("abc")), true);
    writer.cork();
    for (const length of [5, 20_000, 7]) assert.equal(writer.write(Buffer.alloc(length)), false);
    writer.uncork();
    assert.equal(drains, 1, "the corked writes were told to wait");
    await peer.sees("0 0 1 20012");
    assert.deepEqual(peer.frames, ["1 1 1 0", "0 0 1 3", "0 0 1 20012"]);

    const taken: number[] = [];
    for (let i = 0; i < 5; i++) {
      const mayGoOn = writer.write(Buffer.alloc(100_000), (error) => error == null && taken.push(i));
      assert.equal(mayGoOn, i < 2);
    }
    assert.ok(writer.writableLength >= 520_015 - 262_144);
    await eventually(() => taken.length === 2);
    peer.send(formatFrame(1, 2, 1, 100_000));
    await eventually(() => taken.length === 3);
    assert.equal(drains, 1);
    peer.send(formatFrame(1, 0, 1, 300_000));
    await eventually(() => taken.length === 5 && drains > 1);
    assert.deepEqual(taken, [0, 1, 2, 3, 4]);
    assert.equal(writer.writableLength, 0);
    peer.drop();
    await peer.session.closed;
  });

  test("is taken piece by piece, never before what was written ahead of it", async () => {
    const [near, far] = createDuplexPair({ highWaterMarkBytes: 1000 });
    const session = createYamuxSession(near, { role: "client" });
    const stream = quiet(await session.open());
    const writer = writerOf(stream, nothing);
    const taken: string[] = [];
    writer.write(Buffer.alloc(30_000), () => taken.push("large"));
    writer.write(Buffer.alloc(10), () => taken.push("small"));
    assert.deepEqual(taken, []);
    far.resume();
    await eventually(() => taken.length === 2);
    assert.deepEqual(taken, ["large", "small"]);
    session.destroy();
    far.destroy();
  });

  test("ends behind what waits, and fails with the session [WIRE-17] [WIRE-20]", async () => {
    const peer = connectRawPeer({ role: "client" });
    const [ending, failing, read] = [
      quiet(await peer.session.open()),
      await peer.session.open(),
      await peer.session.open(),
    ];
    writerOf(ending, nothing).write(Buffer.alloc(300_000));
    ending.end();
    await peer.sees("0 0 1 65536");
    await peer.session.ping().catch(nothing);
    assert.ok(!peer.frames.includes("1 4 1 0"));
    peer.send(formatFrame(1, 2, 1, 100_000));
    await peer.sees("1 4 1 0");
    assert.deepEqual(peer.frames.at(-2), "0 0 1 37856");

    writerOf(failing, nothing).write(Buffer.alloc(300_000));
    peer.send(formatFrame(1, 4, 3, 0), formatFrame(0, 4, 5, Buffer.from("unread")));
    const failed = once(failing, "error");
    peer.stream.end();
    const [error] = (await failed) as [Error];
    assert.equal((error as { code?: string }).code, "session-closed");
    const late = once(read, "error");
    assert.equal(writerOf(read, nothing).write(Buffer.from("too late")), false);
    assert.equal(((await late) as [{ code?: string }])[0].code, "session-closed");
  });
});

describe("a direct reader", () => {
  test("gets what comes in order, also what came before it and while it paused [WIRE-18]", async () => {
    const peer = connectRawPeer({ role: "client" });
    const stream = quiet(await peer.session.open());
    const send = (text: string) => peer.send(formatFrame(0, 2, 1, Buffer.from(text)));
    const flush = async (id: number) => {
      peer.send(formatFrame(2, 1, 0, id));
      await peer.sees(`2 2 0 ${id}`);
    };
    send("1 early");
    await flush(1);
    let seen = "";
    readFrom(stream, (chunk) => (seen += chunk.toString()), nothing);
    await eventually(() => seen === "1 early");
    send(", 2 direct");
    await flush(2);
    assert.equal(seen, "1 early, 2 direct");
    stream.pause();
    send(", 3 held");
    await flush(3);
    assert.equal(seen, "1 early, 2 direct");
    stream.resume();
    send(", 4 behind it");
    await eventually(() => seen === "1 early, 2 direct, 3 held, 4 behind it");
    peer.send(formatFrame(0, 4, 1, Buffer.from(", end")));
    await once(stream, "end");
    assert.equal(seen, "1 early, 2 direct, 3 held, 4 behind it, end");
    peer.drop();
  });

  test("a reader that has paused stops its writer at the window, and is settled before each chunk [WIRE-18]", async () => {
    const { client, server } = connectSessions();
    const stream = quiet(await client.open());
    const there = quiet((await server[Symbol.asyncIterator]().next()).value);
    let bytes = 0;
    let settled = 0;
    readFrom(
      there,
      (chunk) => (bytes += chunk.length),
      () => settled++,
    );
    const writer = writerOf(stream, nothing);
    writer.write(Buffer.alloc(200_000));
    await eventually(() => bytes === 200_000);
    assert.ok(settled > 0);
    there.pause();
    writer.write(Buffer.alloc(1_000_000));
    await client.ping();
    assert.equal(bytes, 200_000);
    assert.ok(writer.writableLength >= 1_000_000 - 262_144, `${writer.writableLength} bytes wait`);
    there.resume();
    await eventually(() => bytes === 1_200_000);
    const answer = readAll(stream);
    there.end("done");
    assert.equal((await answer).toString(), "done");
    client.destroy();
  });
});
