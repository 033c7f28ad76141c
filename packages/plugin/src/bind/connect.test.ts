import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { eventually } from "@tenon/testkit";
import { connectToHost } from "./connect.js";
import { bind, startHost } from "./host.testing.js";

const address = { network: "tcp", host: "127.0.0.1", port: 1 } as const;
const never = new AbortController().signal;

test("a carrier of one's own is used, and its signal is left alone once it is there [BPL-01]", async (t) => {
  const host = await startHost(t);
  const signals: AbortSignal[] = [];
  const { bound } = await bind(t, {
    to: "not.dialled:1",
    connectTimeoutMs: 200,
    async connect(signal) {
      signals.push(signal);
      const socket = connect(Number(host.to.split(":")[1]), "127.0.0.1");
      await once(socket, "connect");
      return socket;
    },
  });
  await new Promise((resolve) => setTimeout(resolve, 250));
  // On a busy machine it may have been the second attempt.
  assert.deepEqual([bound.state, signals.at(-1)?.aborted], ["bound", false]);
});

test("a carrier that takes too long is given up, and what it brings later is destroyed [BPL-03]", async () => {
  const stream = new PassThrough();
  let bring = (_stream: PassThrough): void => {};
  const slow = new Promise<PassThrough>((resolve) => (bring = resolve));
  let signal: AbortSignal | undefined;
  const own = (given: AbortSignal) => {
    signal = given;
    return slow;
  };
  await assert.rejects(connectToHost(address, { connect: own }, 20, never), /no connection within 20 ms/);
  assert.ok(signal?.aborted);
  bring(stream);
  await eventually(() => stream.destroyed);
});

test("leaving ends an attempt at once [BPL-14]", async () => {
  const leaving = new AbortController();
  const attempt = connectToHost(address, { connect: () => new Promise(() => {}) }, 60_000, leaving.signal);
  leaving.abort(new Error("leaving"));
  await assert.rejects(attempt, /leaving/);
  await assert.rejects(connectToHost(address, {}, 60_000, leaving.signal), /leaving/);
});

test("what gives the certificates is asked at each attempt [BPL-12]", async (t) => {
  const host = await startHost(t);
  const leaving = new AbortController();
  let asked = 0;
  const tls = async () => {
    asked++;
    return { ca: "none" };
  };
  const bound = bind(t, { to: host.to, tls, signal: leaving.signal });
  await eventually(() => asked >= 2);
  leaving.abort(new Error("enough"));
  await assert.rejects(bound, /enough/);
  assert.equal(host.hellos.length, 0);
});
