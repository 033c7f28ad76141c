import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { createServer as createNetServer } from "node:net";
import os from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { connect as connectTls } from "node:tls";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { GRPCBroker, GRPCStdio, Health, isTenonError, parseHandshakeLine } from "@tenon/core";
import { type Channel, createCertificate, createChannel, pinnedTls } from "@tenon/wire";
import { implement } from "../implement.js";
import { echo, KV, KV2, kvVersions } from "../kv.testing.js";
import { createLogger } from "../log/logger.js";
import { servePlugin } from "./serve-plugin.js";
import { dial, open, plugin, serve } from "./serve.testing.js";

const failsWith = (code: Code) => (error: unknown) => ConnectError.from(error).code === code;

test("serves the contract's services and the standard ones [PLUG-02]", async (t) => {
  const serving = await serve(t);
  const client = open(t, serving, KV);
  assert.deepEqual((await client.get({ key: "k", value: Buffer.from("v") })).key, "k");
  const seen: string[] = [];
  for await (const { key } of client.watch({ key: "w" })) seen.push(key);
  assert.deepEqual(seen, ["w"]);

  const health = open(t, serving, Health);
  for (const service of ["", "plugin", "test.KV"]) assert.equal((await health.check({ service })).status, 1);
  await assert.rejects(health.check({ service: "x" }), failsWith(Code.NotFound));
  await assert.rejects(open(t, serving, KV2).get({}), failsWith(Code.Unimplemented));
});

test("writes six fields, and a seventh only where the host asks [HS-02] [HS-03] [ENV-09]", async (t) => {
  const serving = await serve(t);
  assert.equal(serving.line, `1|1|unix|${serving.address}|grpc|`);
  assert.equal(parseHandshakeLine(serving.line).address, serving.address);
  for (const value of ["true", "false", "no boolean"]) {
    const asked = await serve(t, { environment: { PLUGIN_MULTIPLEX_GRPC: value } });
    assert.equal(asked.line, `1|1|unix|${asked.address}|grpc||true`);
  }
});

test("chooses the version that the host has, and serves that version's services [VER-01] [VER-02]", async (t) => {
  const versions = implement(kvVersions, { 1: { kv: echo }, 3: { kv: echo, more: echo } });
  for (const [offered, version] of [
    ["1,3", 3],
    ["1", 1],
    ["7", 1],
    [undefined, 1],
  ] as const) {
    const serving = await serve(t, { environment: { PLUGIN_PROTOCOL_VERSIONS: offered } }, versions);
    assert.equal(serving.version, version);
    const more = open(t, serving, KV2).get({ key: "k" });
    if (version === 3) assert.equal((await more).key, "k");
    else await assert.rejects(more, failsWith(Code.Unimplemented));
  }
});

test("lets only its own user reach its socket, and leaves nothing behind [PLUG-09]", async (t) => {
  const serving = await serve(t);
  assert.equal(statSync(serving.address).mode & 0o777, 0o600);
  assert.equal(statSync(dirname(serving.address)).mode & 0o777, 0o700);
  await serving.close();
  assert.ok(!existsSync(dirname(serving.address)));
});

test("lets a group reach its socket where the host names one [ENV-16]", {
  skip: process.getuid?.() !== 0 && "needs root",
}, async (t) => {
  const serving = await serve(t, { environment: { PLUGIN_UNIX_SOCKET_GROUP: "12345" } });
  const socket = statSync(serving.address);
  assert.deepEqual([socket.mode & 0o777, socket.gid], [0o660, 12345]);
  const directory = statSync(dirname(serving.address));
  assert.deepEqual([directory.mode & 0o777, directory.gid], [0o710, 12345]);
});

test("uses the host's directory for its socket [ENV-15]", async (t) => {
  const directory = mkdtempSync("/tmp/serve-");
  t.after(() => rmSync(directory, { recursive: true }));
  const serving = await serve(t, { environment: { PLUGIN_UNIX_SOCKET_DIR: directory } });
  assert.equal(dirname(serving.address), directory);
  await serving.close();
  assert.deepEqual(readdirSync(directory), []);
});

test("listens on TCP on the first free port of its range, on 127.0.0.1 only [PLUG-10]", async (t) => {
  const taken = createNetServer().listen(0, "127.0.0.1");
  t.after(() => taken.close());
  await new Promise((resolve) => taken.once("listening", resolve));
  const { port } = taken.address() as { port: number };
  const range = (max: number) => ({ PLUGIN_MIN_PORT: String(port), PLUGIN_MAX_PORT: String(max) });
  await assert.rejects(servePlugin(plugin, { network: "tcp", environment: range(port) }), (error) =>
    isTenonError(error, "listen-failed"),
  );
  const serving = await serve(t, { network: "tcp", environment: range(Math.min(port + 100, 65_535)) });
  assert.match(serving.line, /^1\|1\|tcp\|127\.0\.0\.1:\d+\|grpc\|$/);
  assert.notEqual(serving.address, `127.0.0.1:${port}`);
  assert.equal((await open(t, serving, KV).get({ key: "k" })).key, "k");
});

test("lets the system choose its port where no range is given [PLUG-18]", async (t) => {
  const environments = [{ PLUGIN_MIN_PORT: "0", PLUGIN_MAX_PORT: "0" }, {}];
  for (const environment of environments) {
    const serving = await serve(t, { network: "tcp", environment });
    assert.ok(Number(/^127\.0\.0\.1:(\d+)$/.exec(serving.address)?.[1]) > 0, serving.address);
  }
});

test("listens on TCP where the system is Windows [PLUG-20]", async (t) => {
  t.mock.method(os, "platform", () => "win32");
  syncBuiltinESMExports();
  const serving = await serve(t).finally(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  assert.equal(serving.network, "tcp");
});

test("answers calls before and without the host's streams, and takes these in any order [PLUG-22]", {
  timeout: 10_000,
}, async (t) => {
  const serving = await serve(t);
  // Again and again: the reader before may still be there and take it.
  const printing = setInterval(() => serving.writeStdout(Buffer.from("x")), 2);
  t.after(() => clearInterval(printing));
  const openBroker = (channel: Channel) => {
    const closing = new AbortController();
    t.after(() => closing.abort());
    const messages = createClient(GRPCBroker, channel.transport).startStream(neverSends(closing.signal), {
      signal: closing.signal,
    });
    void (async () => {
      for await (const _ of messages);
    })().catch(() => {});
  };
  const readStdio = async (channel: Channel) => {
    for await (const { data } of createClient(GRPCStdio, channel.transport).streamStdio({})) {
      return data.length;
    }
    return 0;
  };
  for (const order of [["broker", "stdio"], ["stdio", "broker"], ["stdio"], []]) {
    const channel = createChannel(dial(serving));
    t.after(() => channel.destroy());
    const client = createClient(KV, channel.transport);
    assert.equal((await client.get({ key: "before" })).key, "before");
    for (const stream of order) {
      if (stream === "broker") openBroker(channel);
      else assert.ok((await readStdio(channel)) > 0);
      assert.equal((await client.get({ key: stream })).key, stream);
    }
    channel.destroy();
  }
});

test("with TLS of its own it sends no certificate, whatever the host asks for [TLS-12]", async (t) => {
  const [own, host, stranger] = [createCertificate(), createCertificate(), createCertificate()];
  const tls = { cert: own.certPem, key: own.keyPem, ca: host.certPem };
  for (const environment of [{}, { PLUGIN_CLIENT_CERT: stranger.certPem }]) {
    const serving = await serve(t, { tls, environment });
    assert.match(serving.line, /\|grpc\|$/);
    const channel = createChannel(connectTls({ ...pinnedTls(host, own.der), path: serving.address }));
    t.after(() => channel.destroy());
    assert.equal((await createClient(KV, channel.transport).get({ key: "k" })).key, "k");
  }
});

test("answers only to the holder of the host's certificate [TLS-03] [TLS-04] [TLS-06] [HS-25]", async (t) => {
  const host = createCertificate();
  const serving = await serve(t, {
    environment: { PLUGIN_CLIENT_CERT: host.certPem },
    logger: createLogger({ write: () => {} }),
  });
  const { certificate = "" } = parseHandshakeLine(serving.line);
  assert.doesNotMatch(certificate, /=/);
  const der = Buffer.from(certificate, "base64");

  const openTls = (own: typeof host, path = serving.address) => {
    const channel = createChannel(connectTls({ ...pinnedTls(own, der), path }));
    t.after(() => channel.destroy());
    return createClient(KV, channel.transport);
  };
  assert.equal((await openTls(host).get({ key: "k" })).key, "k");
  await assert.rejects(openTls(createCertificate()).get({ key: "k" }), failsWith(Code.Unavailable));
  await assert.rejects(open(t, serving, KV).get({ key: "k" }, { timeoutMs: 5000 }), failsWith(Code.Unavailable));
});

test("refuses a host's certificate that it cannot read, and leaves nothing behind [TLS-08]", async (t) => {
  const socketDir = mkdtempSync("/tmp/serve-");
  t.after(() => rmSync(socketDir, { recursive: true }));
  await assert.rejects(servePlugin(plugin, { socketDir, environment: { PLUGIN_CLIENT_CERT: "no PEM" } }), (error) =>
    isTenonError(error, "certificate-invalid"),
  );
  assert.deepEqual(readdirSync(socketDir), []);
});

test("refuses options that cannot be [ENV-10]", async () => {
  await assert.rejects(servePlugin(plugin, { drainTimeoutMs: -1 }), (error) => isTenonError(error, "option-invalid"));
  await assert.rejects(servePlugin(plugin, { environment: { PLUGIN_MIN_PORT: "x" } }), (error) =>
    isTenonError(error, "environment-invalid"),
  );
});

test("changes nothing global [PLUG-11]", async (t) => {
  const before = globals();
  const serving = await serve(t);
  await open(t, serving, KV).get({ key: "k" });
  assert.deepEqual(globals(), before);
  await serving.close();
  assert.deepEqual(globals(), before);
});

function globals() {
  const { log, error } = console;
  return {
    environment: { ...process.env },
    listeners: process.eventNames().map((name) => [name, process.listenerCount(name)]),
    write: process.stdout.write.bind(process.stdout).name,
    ownWrite: Object.hasOwn(process.stdout, "_write"),
    log,
    error,
    exitCode: process.exitCode,
    umask: process.umask(),
    cwd: process.cwd(),
    symbols: Object.getOwnPropertySymbols(globalThis).filter((symbol) => symbol.description?.startsWith("tenon.")),
  };
}

/** The requests of a stream that stays open and says nothing. */
// oxlint-disable-next-line require-yield
async function* neverSends(signal: AbortSignal): AsyncGenerator<never> {
  await once(signal, "abort");
}

test("keeps its socket in the directory that an option names", async (t) => {
  const socketDir = mkdtempSync("/tmp/serve-");
  t.after(() => rmSync(socketDir, { recursive: true }));
  const serving = await serve(t, { socketDir });
  assert.equal(join(dirname(serving.address), ".."), socketDir);
});
