import assert from "node:assert/strict";
import { once } from "node:events";
import { after, describe, test } from "node:test";
import { assertNoLeaks, createDuplexPair, eventually, injectFaults, snapshotResources } from "@tenon/testkit";
import { connectRawPeer, connectSessions, formatFrame, readText } from "./raw-peer.testing.js";
import type { YamuxSession } from "./yamux-session.js";
import type { YamuxStream } from "./stream.js";

const before = snapshotResources({ temporaryDirectories: [] });
// Streams in memory do not keep a process alive, and the session's timers are not meant to.
const alive = setInterval(() => {}, 1000);
after(() => clearInterval(alive));

/** A stream of the client and its other end. */
async function openStream(client: YamuxSession, server: YamuxSession): Promise<[YamuxStream, YamuxStream]> {
  const near = await client.open();
  const { value } = await server[Symbol.asyncIterator]().next();
  return [near, value!];
}

/** The codes of the errors of some streams, in the order of the streams. */
function failures(streams: readonly YamuxStream[]): Promise<string[]> {
  return Promise.all(streams.map(async (stream) => ((await once(stream, "error")) as [{ code: string }])[0].code));
}

describe("how a session ends", () => {
  test("we close: streams end by themselves, none begins, then the byte stream ends [WIRE-20]", async () => {
    const { client, server, ends } = connectSessions();
    const [near, far] = await openStream(client, server);
    const closed = client.close();
    await assert.rejects(client.open(), { code: "going-away" });
    await server.ping();
    await assert.rejects(server.open(), { code: "going-away" });
    near.end("last words");
    assert.equal(await readText(far), "last words");
    far.end("answer");
    assert.equal(await readText(near), "answer");
    assert.equal((await closed).kind, "closed");
    assert.equal((await server.closed).kind, "goaway");
    assert.equal(client.close(), client.closed);
    await eventually(() => ends.every(({ destroyed }) => destroyed));
  });

  test("we close and lose patience: what is open fails on both ends [WIRE-20]", async () => {
    const { client, server } = connectSessions();
    const failed = failures(await openStream(client, server));
    assert.equal((await client.close({ graceMs: 10 })).kind, "closed");
    assert.deepEqual(await failed, ["session-closed", "session-closed"]);
    await assert.rejects(client.open(), { code: "session-closed" });
  });

  test("we destroy, with and without an error [WIRE-20]", async () => {
    for (const error of [undefined, new Error("disk full")]) {
      const { client, server } = connectSessions();
      const failed = failures(await openStream(client, server));
      client.destroy(error);
      assert.deepEqual(await failed, ["session-closed", "session-closed"]);
      const reason = await client.closed;
      assert.equal(reason.kind, "closed");
      assert.equal(reason.kind === "closed" && reason.cause, error);
      assert.equal((await server.closed).kind, error === undefined ? "goaway" : "refused");
      client.destroy();
    }
  });

  test("both close at once [WIRE-20]", async () => {
    const { client, server } = connectSessions();
    const [near, far] = await openStream(client, server);
    const both = Promise.all([client.close(), server.close()]);
    near.end();
    far.end();
    assert.deepEqual(await Promise.all([readText(near), readText(far)]), ["", ""]);
    assert.deepEqual(
      (await both).map(({ kind }) => kind),
      ["closed", "closed"],
    );
  });

  test("disposal closes [WIRE-20]", async () => {
    const { client, server } = connectSessions();
    {
      await using session = client;
      await session.ping();
    }
    assert.equal((await server.closed).kind, "goaway");
  });

  test("the peer ends the byte stream without a word, as Go does [WIRE-20]", async () => {
    const peer = connectRawPeer({ role: "client" });
    const failed = failures([await peer.session.open(), await peer.session.open()]);
    peer.stream.end();
    assert.equal((await peer.session.closed).kind, "lost");
    assert.deepEqual(await failed, ["session-closed", "session-closed"]);
  });

  test("the byte stream is reset at any byte: everything fails once [WIRE-20]", async () => {
    for (let afterBytes = 0; afterBytes < 60; afterBytes += 3) {
      const [near, far] = createDuplexPair();
      const { stream } = injectFaults(near, {
        fault: "reset",
        afterBytes,
        direction: afterBytes % 2 ? "read" : "write",
      });
      const { client, server } = connectSessions({}, { onStream: (each) => each.on("error", () => {}).pipe(each) }, [
        stream,
        far,
      ]);
      let errors = 0;
      const own = await client.open();
      own.on("error", () => errors++).resume();
      own.write("twelve bytes");
      const ping = client.ping().then(
        () => own.write("twelve bytes more"),
        () => {},
      );
      const [mine, theirs] = await Promise.all([client.closed, server.closed]);
      await ping;
      await new Promise(setImmediate);
      assert.deepEqual([mine.kind, theirs.kind, errors], ["lost", "lost", 1], `after ${afterBytes} bytes`);
    }
  });

  test("a half-open byte stream is found by keepalive only [WIRE-19]", async () => {
    const [near, far] = createDuplexPair();
    const faulty = injectFaults(near);
    const { client } = connectSessions({ keepAliveIntervalMs: 10, pingTimeoutMs: 30 }, {}, [faulty.stream, far]);
    await client.ping();
    faulty.trip("half-open");
    assert.equal((await client.closed).kind, "timeout");
    far.destroy();
    near.destroy();
  });

  test("opens that wait fail with the session [WIRE-20]", async () => {
    const peer = connectRawPeer({ role: "client", maxPendingOpens: 1 });
    (await peer.session.open()).on("error", () => {});
    const waiting = peer.session.open();
    peer.drop();
    await assert.rejects(waiting, { code: "session-closed" });
  });

  test("a peer that keeps its side open is cut off", async () => {
    const [near, far] = createDuplexPair();
    const { client } = connectSessions({}, {}, [near, far]);
    const [silent] = createDuplexPair();
    silent.destroy();
    client.destroy();
    await once(near, "close");
    far.destroy();
  });
});

describe("how a stream ends", () => {
  test("what came before the end of the session can still be read, if the peer had ended [WIRE-20]", async () => {
    const peer = connectRawPeer({ role: "client" });
    const [whole, cut] = [await peer.session.open(), await peer.session.open()];
    const failed = failures([cut]);
    peer.send(formatFrame(0, 2 | 4, 1, Buffer.alloc(100_000, 1)), formatFrame(0, 2, 3, Buffer.alloc(10)));
    peer.stream.end();
    await peer.session.closed;
    assert.deepEqual(await failed, ["session-closed"]);
    assert.equal((await readText(whole)).length, 100_000);
    const late = failures([whole]);
    whole.write("too late");
    assert.deepEqual(await late, ["session-closed"]);
  });

  test("and ended in peace, when nothing was to be sent", async () => {
    const peer = connectRawPeer({ role: "client" });
    const stream = await peer.session.open();
    peer.send(formatFrame(0, 2 | 4, 1, Buffer.from("all")));
    peer.stream.end();
    await peer.session.closed;
    assert.equal(await readText(stream), "all");
    stream.end();
    await once(stream, "close");
    assert.equal(stream.errored, null);
  });

  test("the peer resets during our opening, and while we write [WIRE-17]", async () => {
    const peer = connectRawPeer({ role: "client" });
    const [refused, writing] = [await peer.session.open(), await peer.session.open()];
    const failed = failures([refused, writing]);
    const written = new Promise<Error | null | undefined>((resolve) => writing.write(Buffer.alloc(400_000), resolve));
    await peer.sees("0 0 3 65536");
    peer.send(formatFrame(1, 8, 1, 0), formatFrame(1, 2, 3, 0), formatFrame(0, 8, 3, Buffer.from("unread")));
    assert.deepEqual(await failed, ["reset", "reset"]);
    assert.equal(((await written) as { code?: string }).code, "reset");
    assert.equal(peer.session.streamCount, 0);
    await peer.session.close();
    assert.ok(!peer.frames.includes("1 8 1 0"), "a reset is not answered by a reset");
    peer.drop();
  });

  test("both reset at once [WIRE-17]", async () => {
    const { client, server } = connectSessions();
    const [near, far] = await openStream(client, server);
    near.destroy();
    far.destroy();
    await client.ping();
    assert.deepEqual([client.streamCount, server.streamCount], [0, 0]);
    assert.equal((await client.close()).kind, "closed");
  });

  test("destroyed with bytes on their way: the writer hears of it, what comes later is dropped [WIRE-17]", async () => {
    const { client, server } = connectSessions();
    const [near, far] = await openStream(client, server);
    far.on("error", () => {});
    far.write(Buffer.alloc(200_000));
    const written = new Promise<Error | null | undefined>((resolve) => near.write(Buffer.alloc(400_000), resolve));
    near.destroy();
    assert.equal(((await written) as { code?: string }).code, "reset");
    await server.ping();
    await client.close();
  });

  test("after both ends nothing is sent, destroy included [WIRE-17]", async () => {
    const peer = connectRawPeer({ role: "client" });
    const stream = await peer.session.open();
    stream.end();
    await peer.sees("1 4 1 0");
    peer.send(formatFrame(1, 2 | 4, 1, 0));
    assert.equal(await readText(stream), "");
    stream.destroy();
    await peer.session.close();
    assert.deepEqual(peer.frames, ["1 1 1 0", "1 4 1 0", "3 0 0 0"]);
    peer.drop();
  });
});

test("nothing is left behind", async () => {
  clearInterval(alive);
  await assertNoLeaks(before, { ignoredKinds: ["open descriptor"] });
});
