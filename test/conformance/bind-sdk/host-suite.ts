import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import type { Client } from "@connectrpc/connect";
import { defineContract } from "@tenon/core";
import { createHost, type LogRecord } from "@tenon/host";
import {
  admitAnyone,
  type BindEvent,
  type BindListener,
  createTokens,
  type ListenOptions,
  requireToken,
} from "@tenon/host/bind";
import { eventually } from "@tenon/testkit";
import { createCertificate } from "@tenon/wire";
import { echo } from "../../fixtures/contracts.js";
import { Echo } from "../../gen/tenon/test/v1/echo_pb.js";
import { startBound } from "./bound-process.js";
import type { BoundPeer } from "./peers.js";

/** What the plugins serve: Echo alone. */
const contract = defineContract({ name: "bound-echo", cookie: echo.cookie, versions: { 1: { echo: Echo } } });
const chunk = { chunks: [Buffer.from("hello")] };

/** A listener of a Tenon host, and what it has told so far. It ends with the test. */
async function listen(t: TestContext, options: Partial<ListenOptions> = {}) {
  const records: LogRecord[] = [];
  const events: BindEvent[] = [];
  const host = createHost({ log: (record) => void records.push(record) });
  t.after(() => host[Symbol.asyncDispose]());
  const listener = await host.listen({ admit: admitAnyone(), contracts: [contract], ...options });
  listener.onEvent((event) => void events.push(event));
  return { listener, records, events };
}

/** A file that goes with the test. */
function writeFor(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "bind-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "ca.pem"), text);
  return join(folder, "ca.pem");
}

/** The plugin's session and client, once it can be called. */
async function readySession(listener: BindListener, name: string) {
  const session = await eventually(() => listener.session(name));
  return { session, client: session.client("echo") as unknown as Client<typeof Echo> };
}

/** What a Tenon host has from a plugin on one of the SDKs. */
export function boundHostSuite(name: string, peer: BoundPeer): void {
  void describe(`${name} and a Tenon host`, { skip: peer.missing ?? false }, () => {
    const runnable = peer as Extract<BoundPeer, { command: unknown }>;

    void test("is let in by its token, called, asked for its health, heard and drained", async (t) => {
      const tokens = createTokens();
      const { token } = tokens.issue({ plugin: name, expiresInMs: 60_000 });
      const { listener, records, events } = await listen(t, { admit: requireToken(tokens) });
      const { ended } = startBound(t, runnable, listener.address, { TOKEN: token });
      const { session, client } = await readySession(listener, name);
      assert.ok((await session.ping()) >= 0);
      const { chunks } = await client.unary(chunk, { headers: { "x-log": "heard" } });
      assert.equal(chunks.length, 1);
      const record = await eventually(() => records.find(({ message }) => message === "heard"));
      assert.deepEqual(
        [record.level, record.plugin, record.source, record.fields["answer"]],
        ["warn", name, "bind", 42],
      );
      const [bound] = listener.plugins();
      assert.deepEqual([bound?.plugin, bound?.version, bound?.contract], [name, "1.2.3", "bound-echo"]);
      assert.equal(await listener.drain(bound!.id, { reason: "an update" }), true);
      const [code, , stderr] = await ended;
      assert.equal(code, 0, stderr);
      assert.deepEqual(
        events.map(({ kind }) => kind),
        ["mounted", "ready", "draining", "unmounted"],
      );
    });

    void test("dials in over TLS to a host whose certificate it trusts, and to no other", async (t) => {
      const [right, wrong] = [createCertificate(), createCertificate()];
      const { listener } = await listen(t, { tls: { cert: right.certPem, key: right.keyPem } });
      const address = listener.address.replace("127.0.0.1", "localhost"); // As its certificate says.
      startBound(t, runnable, address, { CA_FILE: writeFor(t, wrong.certPem) });
      startBound(t, runnable, address, { CA_FILE: writeFor(t, right.certPem) });
      const { client } = await readySession(listener, name);
      assert.equal((await client.unary(chunk)).chunks.length, 1);
      assert.equal(listener.plugins().length, 1);
    });

    void test("is back at a host that was started anew at the same address", async (t) => {
      const { listener } = await listen(t);
      const { address } = listener;
      const { child, ended } = startBound(t, runnable, address);
      const { session } = await readySession(listener, name);
      await listener.close();
      const next = await listen(t, { address });
      const again = await readySession(next.listener, name);
      assert.equal(again.session.id, session.id);
      assert.equal((await again.client.unary(chunk)).chunks.length, 1);
      child.kill();
      const [code, , stderr] = await ended;
      assert.equal(code, 0, stderr);
    });

    void test("ends with the host's reason where its token is not right", async (t) => {
      const { listener, events } = await listen(t, { admit: requireToken(createTokens()) });
      const [code, , stderr] = await startBound(t, runnable, listener.address, { TOKEN: "invented" }).ended;
      assert.equal(code, 1);
      assert.match(stderr, /^token-unknown: /m);
      assert.doesNotMatch(stderr, /invented/);
      assert.deepEqual(
        events.map(({ kind }) => kind),
        ["rejected"],
      );
    });
  });
}
