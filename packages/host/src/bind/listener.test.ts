import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { createClient } from "@connectrpc/connect";
import { defineContract, Health, HealthCheckResponse_ServingStatus as Status, isTenonError } from "@tenon/core";
import { Level } from "@tenon/core/bind";
import { eventually } from "@tenon/testkit";
import { createHost } from "../host.js";
import { admitAnyone } from "./admit.js";
import { listen } from "./listener.testing.js";
import { store, storeOf } from "./raw-plugin.testing.js";

const value = new Uint8Array([1, 2, 3]);
const implementation = { get: () => ({ entry: { key: "k", value, version: 1n } }) };

test("a plugin that dials in is welcomed, called, shown, and may go [BIND-01] [BIND-15] [BIND-18] [BIND-23]", async (t) => {
  const { listener, host, event, kinds, dialIn } = await listen(t);
  const plugin = await dialIn({ store: implementation });
  plugin.hello();
  const welcome = await plugin.got("welcome");
  assert.equal(welcome.protocol, 1);
  assert.equal(welcome.contractVersion, 1);
  assert.equal(welcome.heartbeatMs, 200);
  assert.equal(welcome.deadAfterMs, 600);
  assert.equal(welcome.host, "tester");
  const { session } = await event("ready");
  assert.equal(session, host.sessions[0]);
  assert.equal(session?.id, "kv/kv-1");
  assert.equal(session?.isolation, "machine");
  assert.equal(listener.session("kv"), session);
  assert.equal(listener.session("kv", store), session);
  assert.equal(listener.session("kv", defineContract({ ...store, name: "other" })), undefined);
  assert.equal(listener.session("kv/kv-1"), session);
  const { entry } = await storeOf(session).get({ key: "k" });
  assert.deepEqual(entry?.value, value);
  const shown = await eventually(() => listener.plugins().find(({ rttMs }) => rttMs !== undefined));
  assert.equal(shown?.version, "1.2.3");
  assert.equal(shown?.contract, "store");
  assert.equal(shown?.state, "ready");
  assert.equal(shown?.inFlight, 0);
  assert.ok(shown?.methods.includes("tenon.host.v1.Store/Get"));
  plugin.send({ case: "beat", value: { id: 7n } });
  assert.equal((await plugin.got("beatAnswer")).id, 7n);
  plugin.send({ case: "goodbye", value: { reason: "upgrade" } });
  assert.equal((await event("unmounted")).reason, "upgrade");
  assert.deepEqual(kinds(), ["mounted", "ready", "unmounted"]);
  assert.equal((await plugin.ended()).error, undefined);
  assert.deepEqual(listener.plugins(), []);
  await session?.closed;
  assert.equal(listener.session("kv"), undefined);
});

describe("records of a plugin", () => {
  const entry = (sequence: bigint, level: Level = Level.INFO) => ({
    sequence,
    timeMs: 1000,
    level,
    message: `record ${sequence}`,
    fields: '{"a":1,"plugin":"other","@module":"kv.store"}',
    callId: "c",
    traceId: "t",
  });

  test("come into the host's log under the name that was proved, once each [BIND-06] [BIND-20] [BIND-21]", async (t) => {
    const { dialIn, event, records, listener } = await listen(t);
    const said = () => records.filter(({ source }) => source === "bind");
    const plugin = await dialIn();
    plugin.hello();
    plugin.send({ case: "logs", value: { entries: [entry(1n), entry(2n)], dropped: 0n } });
    assert.equal((await plugin.got("logsTaken")).sequence, 2n);
    plugin.socket.destroy();
    await event("lost");
    const again = await dialIn();
    again.hello({ epoch: 2n });
    assert.equal((await again.got("welcome")).lastLog, 2n);
    again.send({ case: "logs", value: { entries: [entry(2n), entry(5n)], dropped: 2n } });
    assert.equal((await again.got("logsTaken")).sequence, 5n);
    assert.deepEqual(
      said().map(({ sequence }) => sequence),
      [1, 2, 5],
    );
    const [first] = said();
    assert.equal(first?.plugin, "kv");
    assert.equal(first?.instance, "kv/kv-1");
    assert.equal(first?.time.getTime(), 1000);
    assert.equal(first?.callId, "c");
    assert.equal(first?.traceId, "t");
    assert.equal(first?.module, "kv.store");
    assert.deepEqual(first?.fields, { a: 1, plugin: "other" });
    assert.deepEqual(listener.plugins()[0]?.logs, { records: 3, duplicates: 1, dropped: 2, missing: 2 });
  });

  test("are wanted from a level on that can be changed, and dropped below it [BIND-22]", async (t) => {
    const { dialIn, event, records, listener } = await listen(t);
    const plugin = await dialIn();
    plugin.hello();
    assert.equal((await plugin.got("welcome")).logLevel?.level, Level.INFO);
    await event("ready");
    assert.equal(listener.setLogLevel("kv/kv-1", "error"), true);
    assert.equal((await plugin.got("logLevel")).level, Level.ERROR);
    plugin.send({ case: "logs", value: { entries: [entry(1n), entry(2n, Level.ERROR)] } });
    await plugin.got("logsTaken");
    assert.deepEqual(
      records.filter(({ source }) => source === "bind").map(({ sequence }) => sequence),
      [2],
    );
  });
});

describe("where a host listens", () => {
  test("beyond this machine only with tls, or insecure with a warning [BIND-27]", async (t) => {
    const host = createHost();
    t.after(() => host.stop());
    const open = (address: string) => host.listen({ address, admit: admitAnyone(), contracts: [store] });
    for (const address of ["0.0.0.0:0", "[::]:0", "example.com:0"]) {
      await assert.rejects(
        open(address),
        (error) => isTenonError(error, "option-invalid") && /tls/.test(error.message),
      );
    }
    const { records, listener } = await listen(t, { address: "0.0.0.0:0", insecure: true });
    assert.match(listener.address, /^0\.0\.0\.0:\d+$/);
    assert.ok(records.some(({ level, message }) => level === "warn" && message.includes("without TLS")));
  });

  test("on a unix socket of its owner alone, in place of one that was left behind", async (t) => {
    const directory = mkdtempSync(join(tmpdir(), "tenon-bind-test-"));
    t.after(() => rmSync(directory, { recursive: true }));
    const path = join(directory, "bind.sock");
    const { dialIn, listener, event } = await listen(t, { address: `unix:${path}` });
    assert.equal(listener.address, `unix:${path}`);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const plugin = await dialIn();
    plugin.hello();
    assert.equal((await event("mounted")).reason, "it dialled in from unix");
    await assert.rejects(listen(t, { address: `unix:${path}` }), (error) => isTenonError(error, "listen-failed"));
  });

  test("is closed without waiting for who has not said Hello", async (t) => {
    const { dialIn, listener } = await listen(t, { helloTimeoutMs: 60_000 });
    const [host = "", port] = listener.address.split(":");
    const silent = connect(Number(port), host).on("error", () => {});
    const cut = once(silent.resume(), "close");
    const greeted = await dialIn();
    await createClient(Health, greeted.channel.transport).check({});
    const startedAt = performance.now();
    await listener.close();
    t.diagnostic(`closed within ${Math.round(performance.now() - startedAt)} ms`);
    assert.equal((await greeted.got("reject")).code, "host-closing");
    await cut;
  });

  test("its health can be asked for there [BIND-28]", async (t) => {
    const { dialIn } = await listen(t);
    const probe = await dialIn();
    const health = createClient(Health, probe.channel.transport);
    assert.equal((await health.check({})).status, Status.SERVING);
  });
});
