import assert from "node:assert/strict";
import { once } from "node:events";
import { after, describe, test } from "node:test";
import { createDuplexPair } from "@tenon/testkit";
import { isTenonError } from "@tenon/core";
import { connectRawPeer, connectSessions, formatFrame, quiet } from "./raw-peer.testing.js";
import { createYamuxSession } from "./session.js";

// Streams in memory do not keep a process alive, and the session's timers are not meant to.
const alive = setInterval(() => {}, 1000);
after(() => clearInterval(alive));

const codeOf = (error: unknown) => (error as { code?: string }).code;
const failsWith = (code: string) => ({ name: "YamuxError", code });

describe("limits", () => {
  test("open waits while the peer has taken none of ours, in order, and can be aborted [WIRE-16]", async () => {
    const peer = connectRawPeer({ role: "client", maxPendingOpens: 2 });
    for (let i = 0; i < 2; i++) quiet(await peer.session.open());
    const abort = new AbortController();
    const aborted = peer.session.open({ signal: abort.signal });
    const third = peer.session.open();
    const fourth = peer.session.open();
    abort.abort();
    await assert.rejects(aborted, { name: "AbortError" });
    peer.send(formatFrame(1, 2, 3, 0));
    assert.equal((await third).id, 5);
    peer.send(formatFrame(1, 8, 5, 0));
    const [error] = (await once(await third, "error")) as [Error];
    assert.equal(codeOf(error), "reset");
    assert.equal(quiet(await fourth).id, 7);
    const fifth = peer.session.open();
    peer.send(formatFrame(3, 0, 0, 0));
    await assert.rejects(fifth, failsWith("going-away"));
    peer.drop();
  });

  test("a stream that nobody takes in time is reset [WIRE-16]", async () => {
    const peer = connectRawPeer({ role: "client", openTimeoutMs: 20 });
    const [error] = (await once(await peer.session.open(), "error")) as [Error];
    assert.equal(codeOf(error), "open-timeout");
    await peer.sees("1 8 1 0");
    const taken = await peer.session.open();
    peer.send(formatFrame(1, 2, taken.id, 0));
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal(taken.destroyed, false);
    taken.on("error", () => {});
    peer.drop();
  });

  test("streams over the backlog and over the limit are reset, the others go on [WIRE-16]", async () => {
    const backlog = connectRawPeer({ role: "server", maxBacklog: 2 });
    backlog.send(...[1, 3, 5].map((id) => formatFrame(1, 1, id, 0)));
    await backlog.sees("1 8 5 0");
    assert.equal(backlog.session.streamCount, 2);
    const taken = await backlog.session[Symbol.asyncIterator]().next();
    taken.value!.on("error", () => {});
    await backlog.sees("1 2 1 0");
    // A stream that goes before anybody has seen it makes room.
    backlog.send(formatFrame(1, 8, 3, 0), formatFrame(1, 1, 7, 0), formatFrame(1, 1, 9, 0), formatFrame(1, 1, 11, 0));
    await backlog.sees("1 8 11 0");
    assert.equal(backlog.session.streamCount, 3);
    backlog.drop();

    const most = connectRawPeer({ role: "server", maxStreams: 1, onStream: (stream) => quiet(stream) });
    most.send(formatFrame(1, 1, 1, 0), formatFrame(0, 1, 3, Buffer.from("dropped")), formatFrame(1, 8, 1, 0));
    most.send(formatFrame(1, 1, 5, 0));
    await most.sees("1 2 5 0");
    assert.ok(most.frames.includes("1 8 3 0"));
    most.drop();
  });

  test("options that cannot be are refused", () => {
    const [near] = createDuplexPair();
    for (const options of [
      { role: "client", streamWindowBytes: 1000 },
      { role: "client", maxPendingOpens: 0 },
      { role: "server", openTimeoutMs: Number.NaN },
      { role: "server", pingTimeoutMs: -1 },
      { role: "neither" as "client" },
    ] as const) {
      assert.throws(
        () => createYamuxSession(near, options),
        (error) => isTenonError(error, "option-invalid"),
      );
    }
  });

  test("a handler that throws loses its stream only", async () => {
    const { client } = connectSessions(
      {},
      {
        onStream: (stream) => {
          stream.on("error", () => {});
          throw new Error("not today");
        },
      },
    );
    const [error] = (await once(await client.open(), "error")) as [Error];
    assert.equal(codeOf(error), "reset");
    await client.ping();
    await client.close();
  });
});

describe("pings", () => {
  test("measure the round trip; an answer that nobody waits for is ignored [WIRE-19]", async () => {
    const { client, server } = connectSessions();
    const trips = await Promise.all([client.ping(), client.ping(), server.ping()]);
    for (const ms of trips) assert.ok(ms >= 0);
    await client.close();
    await assert.rejects(client.ping(), failsWith("session-closed"));
    const peer = connectRawPeer({ role: "client" });
    peer.send(formatFrame(2, 2, 0, 77));
    const ping = peer.session.ping();
    await peer.sees("2 1 0 0");
    peer.send(formatFrame(2, 2, 0, 0));
    await ping;
    peer.drop();
  });

  test("fail in time, by signal and with the session [WIRE-19]", async () => {
    const peer = connectRawPeer({ role: "client", pingTimeoutMs: 20 });
    await assert.rejects(peer.session.ping(), failsWith("ping-timeout"));
    const abort = new AbortController();
    const aborted = peer.session.ping({ signal: abort.signal, timeoutMs: 10_000 });
    abort.abort();
    await assert.rejects(aborted, { name: "AbortError" });
    await assert.rejects(peer.session.ping({ signal: abort.signal }), { name: "AbortError" });
    const left = peer.session.ping({ timeoutMs: 10_000 });
    peer.drop();
    await assert.rejects(left, failsWith("session-closed"));
  });

  test("keepalive asks again and again, and ends a session whose peer is silent [WIRE-19]", async () => {
    const pair = connectSessions({ keepAliveIntervalMs: 5, pingTimeoutMs: 1000 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await pair.client.ping();
    await pair.client.close();

    const peer = connectRawPeer({ role: "client", keepAliveIntervalMs: 10, pingTimeoutMs: 30 });
    const stream = await peer.session.open();
    const failed = once(stream, "error");
    for (const id of [0, 1]) {
      await peer.sees(`2 1 0 ${id}`);
      peer.send(formatFrame(2, 2, 0, id));
    }
    assert.equal((await peer.session.closed).kind, "timeout");
    await failed;
  });
});
