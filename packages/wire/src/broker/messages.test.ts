import assert from "node:assert/strict";
import { lstatSync, mkdtempSync, rmSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { create } from "@bufbuild/protobuf";
import { type ConnInfo, ConnInfoSchema, isTenonError, TenonError } from "@tenon/core";
import { createDuplexPair } from "@tenon/testkit";
import { createCertificate } from "../tls/certificate.js";
import { pinnedTls } from "../tls/pinned.js";
import { createBrokerEnd } from "./broker-end.js";
import { createMux } from "./mux.js";
import { MuxPaths } from "./mux-paths.js";
import { type OutgoingInfo, Outbox } from "./outbox.js";
import type { Paths } from "./paths.js";
import type { BrokerTls } from "../tls/acceptor.js";
import { SocketPaths, type SocketPathsInit } from "./socket-paths.js";

/** One end of a broker whose messages the test reads and writes by hand. */
function createEnd(t: TestContext, makePaths: (outbox: Outbox) => Paths) {
  const end = createBrokerEnd({ plugin: "kv", timeoutMs: 2000, paths: async (outbox) => makePaths(outbox) });
  t.after(() => end.destroy(new TenonError("broker-closed", "the test is over")));
  const incoming = new Outbox();
  void end.read(
    (async function* (): AsyncGenerator<ConnInfo> {
      for await (const message of incoming) yield create(ConnInfoSchema, message);
    })(),
  );
  const outgoing = end.outgoing[Symbol.asyncIterator]();
  return {
    end,
    broker: end.broker,
    say: (message: OutgoingInfo) => incoming.send(message),
    next: async (): Promise<unknown> => ({ ...(await outgoing.next()).value }),
  };
}

function socketEnd(t: TestContext, tls?: BrokerTls, addresses?: SocketPathsInit["addresses"]) {
  const socketDir = mkdtempSync("/tmp/ms");
  t.after(() => rmSync(socketDir, { recursive: true }));
  const listen = { network: "unix", socketDir, minPort: 0, maxPort: 0, tlsTimeoutMs: 1000 } as const;
  const init = { plugin: "kv", owner: "The host", listen, tls, keepMs: 2000, ...(addresses && { addresses }) };
  return { socketDir, ...createEnd(t, (outbox) => new SocketPaths({ ...init, outbox })) };
}

function muxEnd(t: TestContext) {
  const [ours, theirs] = createDuplexPair();
  const mux = createMux(ours, "client");
  const peer = createMux(theirs, "server");
  t.after(() => {
    for (const { session } of [mux, peer]) session.destroy();
    for (const stream of [ours, theirs]) stream.destroy();
  });
  const init = { plugin: "kv", mux, tls: undefined, tlsTimeoutMs: 1000, timeoutMs: 2000 };
  return { peer, ...createEnd(t, (outbox) => new MuxPaths({ ...init, outbox })) };
}

test("an announcement has id, network and address, and no knock [BRK-02] [BRK-05]", async (t) => {
  const { broker, next, socketDir } = socketEnd(t);
  const served = await broker.serve(() => {}, { id: 9 });
  const message = (await next()) as { address: string };
  assert.deepEqual(message, { serviceId: 9, network: "unix", address: message.address });
  assert.match(message.address, new RegExp(`^${socketDir}/broker\\w+$`));
  assert.ok(lstatSync(message.address).isSocket());
  await served.close();
  assert.throws(() => lstatSync(message.address), { code: "ENOENT" });
});

test("addresses are translated on their way out and on their way in [LAUNCH-11]", async (t) => {
  const near = socketEnd(t, undefined, {
    toPeer: ({ network, address }) => ({ network, address: `/inside${address}` }),
    toUs: ({ network, address }) => ({ network, address: address.replace("/inside", "") }),
  });
  await near.broker.serve(() => {}, { id: 9 });
  const { address } = (await near.next()) as { address: string };
  assert.ok(address.startsWith(`/inside${near.socketDir}/`), address);
  near.say({ serviceId: 9, network: "unix", address });
  await (await near.broker.dial(9)).close();
});

test("a knock in the wrong mode, and an address in the other, mean nothing [BRK-02] [BRK-12]", async (t) => {
  const sockets = socketEnd(t);
  sockets.say({ serviceId: 1, knock: { knock: true } });
  const mux = muxEnd(t);
  mux.say({ serviceId: 1, network: "unix", address: "/nowhere" });
  for (const { broker } of [sockets, mux]) {
    await assert.rejects(broker.dial(1, { timeoutMs: 30 }), (error) => isTenonError(error, "broker-timeout"));
  }
});

test("an address where nobody listens any more is passed over, a hostile one refused [BRK-04] [BRK-18]", async (t) => {
  const { broker, say } = socketEnd(t);
  say({ serviceId: 1, network: "unix", address: "/nowhere/x" });
  await assert.rejects(broker.dial(1, { timeoutMs: 100 }), /ENOENT/);
  say({ serviceId: 2, network: "tcp", address: "192.0.2.1:443" });
  await assert.rejects(broker.dial(2), (error) => isTenonError(error, "address-invalid"));
});

test("a dial knocks, asks once more after an early refusal, and tells the second one [BRK-13]", async (t) => {
  const { broker, next, say } = muxEnd(t);
  const dialling = broker.dial(4);
  for (let knock = 0; knock < 2; knock++) {
    assert.deepEqual(await next(), { serviceId: 4, knock: { knock: true } });
    say({ serviceId: 4, knock: { knock: true, ack: true, error: "no listener" } });
  }
  await assert.rejects(dialling, (error) => {
    assert.ok(isTenonError(error, "broker-refused"));
    assert.deepEqual(error.facts, { id: 4, said: "no listener" });
    return true;
  });
});

test("the stream is opened when the answer has come, also one that nobody waits for [BRK-13] [BRK-15]", async (t) => {
  const { broker, next, say, peer } = muxEnd(t);
  let opened = 0;
  peer.admit = (stream) => {
    opened++;
    stream.resume();
    return true;
  };
  const giveUp = new AbortController();
  const dialling = broker.dial(4, { signal: giveUp.signal });
  await next();
  await peer.session.ping();
  assert.equal(opened, 0);
  giveUp.abort(new Error("enough"));
  await assert.rejects(dialling, /enough/);
  say({ serviceId: 4, knock: { knock: true, ack: true } });
  await new Promise(setImmediate);
  await peer.session.ping();
  assert.equal(opened, 1);
  assert.equal(peer.session.streamCount, 0);
});

test("an answer to no knock opens nothing [BRK-15]", async (t) => {
  const { say, peer } = muxEnd(t);
  let opened = 0;
  peer.admit = () => {
    opened++;
    return false;
  };
  for (let id = 0; id < 100; id++) say({ serviceId: id, knock: { knock: true, ack: true } });
  await new Promise(setImmediate);
  await peer.session.ping();
  assert.equal(opened, 0);
});

test("a knock for what is served is answered with an empty error [BRK-13]", async (t) => {
  const { broker, next, say } = muxEnd(t);
  await broker.serve(() => {}, { id: 6 });
  say({ serviceId: 6, knock: { knock: true } });
  assert.deepEqual(await next(), { serviceId: 6, knock: { knock: true, ack: true, error: "" } });
});

test("who holds another certificate is not let in, and lets nobody in [BRK-06]", async (t) => {
  const [host, plugin, stranger] = [createCertificate(), createCertificate(), createCertificate()];
  for (const [ours, theirs] of [
    [pinnedTls(stranger, plugin.der), pinnedTls(plugin, host.der)],
    [pinnedTls(host, plugin.der), pinnedTls(stranger, host.der)],
  ] as const) {
    const serving = socketEnd(t, theirs);
    await serving.broker.serve(() => {}, { id: 1 });
    const dialling = socketEnd(t, ours);
    dialling.say((await serving.next()) as OutgoingInfo);
    await assert.rejects(
      dialling.broker.dial(1),
      (error) => isTenonError(error, "tls-failed") || isTenonError(error, "connect-failed"),
    );
  }
});

test("a host resets a stream that comes without a knock [BRK-12]", async (t) => {
  const { peer } = muxEnd(t);
  const stream = await peer.session.open();
  const failed = new Promise((resolve) => stream.once("error", resolve));
  assert.equal(((await failed) as { code: string }).code, "reset");
});
