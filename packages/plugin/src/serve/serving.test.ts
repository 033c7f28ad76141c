import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { connect as connectTls } from "node:tls";
import { createClient } from "@connectrpc/connect";
import { GRPCController, GRPCStdio, Health, parseHandshakeLine } from "@tenon/core";
import { createCertificate, createChannel, pinnedTls } from "@tenon/wire";
import { implement } from "../implement.js";
import { echo, KV, kv } from "../kv.testing.js";
import { createLogger } from "../log/logger.js";
import { servePlugin } from "./serve-plugin.js";
import { open, plugin, serve, waitFor } from "./serve.testing.js";

test("answers Shutdown before it closes [PLUG-03]", async (t) => {
  const serving = await serve(t);
  assert.deepEqual({ ...(await open(t, serving, GRPCController).shutdown({})) }, { $typeName: "plugin.Empty" });
  const { kind, drained } = await serving.closed;
  assert.deepEqual({ kind, drained }, { kind: "shutdown", drained: true });
  assert.ok(!existsSync(dirname(serving.address)));
});

test("gives every peer its last bytes, over TLS too [PLUG-03] [STDIO-05]", async (t) => {
  const host = createCertificate();
  for (let round = 0; round < 5; round++) {
    const serving = await serve(t, { environment: { PLUGIN_CLIENT_CERT: host.certPem } });
    const { certificate = "" } = parseHandshakeLine(serving.line);
    const tls = pinnedTls(host, Buffer.from(certificate, "base64"));
    const channel = createChannel(connectTls({ ...tls, path: serving.address }));
    t.after(() => channel.destroy());
    const seen: string[] = [];
    const read = async () => {
      for await (const { data } of createClient(GRPCStdio, channel.transport).streamStdio({})) {
        seen.push(Buffer.from(data).toString());
      }
    };
    const reading = read();
    serving.writeStdout(Buffer.from("last"));
    await createClient(GRPCController, channel.transport).shutdown({});
    await reading;
    assert.deepEqual(seen, ["last"]);
    assert.equal((await serving.closed).drained, true);
  }
});

test("lets calls in flight finish, and cuts off those that take too long [PLUG-25]", async (t) => {
  const gates: (() => void)[] = [];
  const slow = implement(kv, {
    kv: { ...echo, put: (pair) => new Promise((resolve) => gates.push(() => resolve(pair))) },
  });
  const patient = await serve(t, {}, slow);
  const call = open(t, patient, KV).put({ key: "k" });
  await waitFor(() => gates.length === 1);
  const closing = patient.close();
  gates[0]!();
  assert.equal((await call).key, "k");
  assert.equal((await closing).drained, true);

  const hasty = await serve(t, { drainTimeoutMs: 20 }, slow);
  const cut = open(t, hasty, KV).put({ key: "k" });
  await Promise.all([
    assert.rejects(cut),
    waitFor(() => gates.length === 2).then(async () => assert.equal((await hasty.close()).drained, false)),
  ]);
});

test("sends what it is given to write, and all of it before it ends [STDIO-03] [STDIO-05]", async (t) => {
  const serving = await serve(t);
  serving.writeStdout(Buffer.from("out"));
  serving.writeStderr(Buffer.from("err"));
  const seen: string[] = [];
  const read = async () => {
    for await (const { channel, data } of open(t, serving, GRPCStdio).streamStdio({})) {
      seen.push(`${channel}:${Buffer.from(data).toString()}`);
    }
  };
  const reading = read();
  await waitFor(() => seen.length === 2);
  serving.writeStdout(Buffer.from("last"));
  assert.equal((await serving.close()).drained, true);
  await reading;
  assert.deepEqual(seen, ["1:out", "2:err", "1:last"]);
});

test("counts what nobody reads, and hands it back at the end [STDIO-04]", async (t) => {
  const records: Record<string, unknown>[] = [];
  const logger = createLogger({ write: (line) => records.push(JSON.parse(line) as Record<string, unknown>) });
  const serving = await serve(t, { maxStdioBufferBytes: 10, logger });
  for (let i = 0; i < 5; i++) serving.writeStdout(Buffer.from(`line${i}`));
  await serving.close();
  assert.ok(records.some((record) => record["dropped_bytes"] === 15));
  assert.equal(Buffer.from(serving.takeUnread()).toString(), "line3line4");
});

test("ends at once when its signal is aborted, whenever that is", async (t) => {
  const abort = new AbortController();
  const serving = await serve(t, { signal: abort.signal });
  abort.abort();
  assert.ok(!existsSync(dirname(serving.address)));
  assert.equal((await serving.closed).kind, "aborted");
  await assert.rejects(servePlugin(plugin, { signal: abort.signal }), { name: "AbortError" });

  const early = new AbortController();
  const socketDir = mkdtempSync("/tmp/serve-");
  t.after(() => rmSync(socketDir, { recursive: true }));
  const starting = servePlugin(plugin, { signal: early.signal, socketDir });
  early.abort();
  await assert.rejects(starting, { name: "AbortError" });
  assert.deepEqual(readdirSync(socketDir), []);
});

test("tells those who watch its health that it ends [PLUG-23]", { timeout: 10_000 }, async (t) => {
  const serving = await serve(t);
  const seen: number[] = [];
  const watching = (async () => {
    for await (const { status } of open(t, serving, Health).watch({ service: "plugin" })) seen.push(status);
  })();
  await waitFor(() => seen.length === 1);
  await Promise.all([serving.close(), watching]);
  assert.deepEqual(seen, [1, 2]);
});
