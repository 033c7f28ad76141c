import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { createTokens, requireCertificate, requireToken } from "@tenon/host/bind";
import { eventually } from "@tenon/testkit";
import { createCertificate } from "@tenon/wire";
import { startBound } from "./bound-process.js";
import type { BoundPeer } from "./peers.js";
import { fileFor, folderFor, hello, listen, ready } from "./tenon-host.js";

/** What a Tenon host has from a plugin on one of the SDKs. */
export function boundHostSuite(name: string, peer: BoundPeer): void {
  void describe(`${name} and a Tenon host`, { skip: peer.missing ?? false, timeout: 120_000 }, () => {
    const runnable = peer as Extract<BoundPeer, { command: unknown }>;

    void test("is let in by its token, called, asked for its health, heard and drained", async (t) => {
      const tokens = createTokens();
      const { token } = tokens.issue({ plugin: name, expiresInMs: 60_000 });
      const { listener, records, kinds } = await listen(t, { admit: requireToken(tokens) });
      const { ended } = startBound(t, runnable, listener.address, { TOKEN: token });
      const { bound, session, client } = await ready(listener, name);
      assert.ok((await session.ping()) >= 0);
      const { chunks } = await client.unary(hello, { headers: { "x-log": "heard" } });
      assert.equal(chunks.length, 1);
      const record = await eventually(() => records.find(({ message }) => message === "heard"));
      assert.deepEqual(
        [record.level, record.plugin, record.source, record.fields["answer"]],
        ["warn", name, "bind", 42],
      );
      assert.deepEqual([bound.plugin, bound.version, bound.contract], [name, "1.2.3", "bound-echo"]);
      const late = client.unary(hello, { headers: { "x-delay-ms": "500" } });
      await client.unary(hello); // The other one has arrived.
      assert.equal(await listener.drain(bound.id, { reason: "an update" }), true);
      assert.equal((await late).chunks.length, 1);
      const [code, , stderr] = await ended;
      assert.equal(code, 0, stderr);
      assert.deepEqual(kinds(), ["mounted", "ready", "draining", "unmounted"]);
    });

    void test("answers calls of every kind, and 64 at a time", async (t) => {
      const { listener } = await listen(t, { address: `unix:${join(folderFor(t), "host")}` });
      startBound(t, runnable, listener.address);
      const { client } = await ready(listener, name);
      const requests = async function* () {
        for (let i = 0; i < 3; i++) yield hello;
      };
      const [streamed, echoed] = [[] as unknown[], [] as unknown[]];
      for await (const answer of client.serverStream(hello, { headers: { "x-count": "3" } })) streamed.push(answer);
      for await (const answer of client.bidi(requests())) echoed.push(answer);
      const joined = (await client.clientStream(requests())).chunks.length;
      assert.deepEqual([streamed.length, echoed.length, joined], [3, 3, 3]);
      const numbers = Array.from({ length: 64 }, (_, i) => i);
      const answers = numbers.map((i) =>
        client.unary({ chunks: [Uint8Array.of(i)] }, { headers: { "x-delay-ms": "20" } }),
      );
      assert.deepEqual(
        (await Promise.all(answers)).map(({ chunks }) => chunks[0]?.[0]),
        numbers,
      );
    });

    void test("carries 16 MiB each way, and small calls beside them", async (t) => {
      const channel = { maxReceiveMessageBytes: 32 << 20, maxSendMessageBytes: 32 << 20 };
      const { listener } = await listen(t, { session: { channel } });
      startBound(t, runnable, listener.address);
      const { client } = await ready(listener, name);
      const large = Buffer.alloc(16 << 20, "Tenon");
      const calls = [0, 1].map(() => client.unary({ chunks: [large] }));
      for (let i = 0; i < 20; i++) assert.equal((await client.unary(hello)).chunks.length, 1);
      for (const { chunks } of await Promise.all(calls)) assert.ok(large.equals(chunks[0]!));
    });

    void test("hears of deadlines and cancels", async (t) => {
      const { listener, records } = await listen(t);
      startBound(t, runnable, listener.address);
      const { client } = await ready(listener, name);
      const ask = async (options: { timeoutMs?: number; signal?: AbortSignal }) => {
        const call = client.unary(hello, { ...options, headers: { "x-delay-ms": "60000" } });
        return call.then(
          () => undefined,
          (error: unknown) => ConnectError.from(error).code,
        );
      };
      // The handler has the same deadline, and its own answer to that may come first.
      const expired = await ask({ timeoutMs: 200 });
      assert.ok(expired === Code.DeadlineExceeded || expired === Code.Canceled, `code ${expired}`);
      assert.equal(await ask({ signal: AbortSignal.timeout(200) }), Code.Canceled);
      await eventually(() => records.filter(({ message }) => message === "call was cancelled").length === 2);
    });

    void test("sends the records that the host wants, when it changes its mind too", async (t) => {
      const { listener, records } = await listen(t, { logLevel: "warn" });
      startBound(t, runnable, listener.address);
      const { bound, client } = await ready(listener, name);
      const messages = () => records.flatMap(({ source, message }) => (source === "bind" ? [message] : []));
      await client.unary(hello, { headers: { "x-log": "one" } });
      await eventually(() => messages().includes("one"));
      assert.equal(listener.setLogLevel(bound.id, "info"), true);
      await client.unary(hello); // Behind the level.
      await client.unary(hello, { headers: { "x-log": "two" } });
      await eventually(() => messages().includes("two in detail"));
      assert.deepEqual(messages(), ["one", "two", "two in detail"]);
    });

    void test("dials in over TLS to a host whose certificate it trusts, and to no other", async (t) => {
      const [right, wrong] = [createCertificate(), createCertificate()];
      const { listener } = await listen(t, { tls: { cert: right.certPem, key: right.keyPem } });
      const address = listener.address.replace("127.0.0.1", "localhost"); // As its certificate says.
      startBound(t, runnable, address, { CA_FILE: fileFor(t, wrong.certPem) });
      startBound(t, runnable, address, { CA_FILE: fileFor(t, right.certPem) });
      const { client } = await ready(listener, name);
      assert.equal((await client.unary(hello)).chunks.length, 1);
      assert.equal(listener.plugins().length, 1);
    });

    void test("is let in by its certificate over mutual TLS", async (t) => {
      const [theirs, own] = [createCertificate(), createCertificate({ commonName: name })];
      const tls = { cert: theirs.certPem, key: theirs.keyPem, ca: own.certPem };
      const { listener } = await listen(t, { tls, admit: requireCertificate() });
      const files = { CA_FILE: fileFor(t, theirs.certPem), CERT_FILE: fileFor(t, own.certPem + own.keyPem) };
      startBound(t, runnable, listener.address.replace("127.0.0.1", "localhost"), files);
      const { client } = await ready(listener, name);
      assert.equal((await client.unary(hello)).chunks.length, 1);
    });

    void test("ends with the host's reason where its token is not right", async (t) => {
      const { listener, kinds } = await listen(t, { admit: requireToken(createTokens()) });
      const [code, , stderr] = await startBound(t, runnable, listener.address, { TOKEN: "invented" }).ended;
      assert.equal(code, 1);
      assert.match(stderr, /^token-unknown: /m);
      assert.doesNotMatch(stderr, /invented/);
      assert.deepEqual(kinds(), ["rejected"]);
    });

    void test("ends with the host's reason where it is sent away", async (t) => {
      const { listener } = await listen(t);
      const { ended } = startBound(t, runnable, listener.address);
      const { bound } = await ready(listener, name);
      assert.equal(listener.kick(bound.id, "it misbehaved"), true);
      const [code, , stderr] = await ended;
      assert.equal(code, 1);
      assert.match(stderr, /^kicked: it misbehaved/m);
    });
  });
}
