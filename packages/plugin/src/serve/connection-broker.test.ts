import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { connect } from "node:net";
import { dirname } from "node:path";
import type { Duplex } from "node:stream";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { GRPCBroker, isTenonError, TenonError } from "@tenon/core";
import { createChannel } from "@tenon/wire";
import { type Broker, brokerKey, createBrokerEnd, type Outbox, type Paths } from "@tenon/wire/broker";
import { SocketPaths } from "@tenon/wire/broker-sockets";
import { createMux, type Mux, MuxPaths } from "@tenon/wire/broker-mux";
import { implement } from "../implement.js";
import { KV, kv } from "../kv.testing.js";
import type { ServeOptions } from "./serve-options.js";
import { servePlugin } from "./serve-plugin.js";
import type { ServingPlugin } from "./serving.js";

/** `get` dials the id that its key names and has the other side answer; the key `serve` serves, and answers with the id. */
const plugin = implement(kv, {
  kv: {
    async get({ key }, { values }) {
      const broker = values.get(brokerKey);
      if (key === "serve") {
        const served = await broker.serve((server) => void server.add(KV, { get: () => ({ key: "from the plugin" }) }));
        return { key: String(served.id) };
      }
      await using channel = await broker.dial(Number(key));
      return createClient(KV, channel.transport).get({});
    },
    put: () => ({}),
    // oxlint-disable-next-line require-yield
    async *watch() {},
  },
});

async function serve(t: TestContext, options: ServeOptions = {}): Promise<ServingPlugin> {
  const serving = await servePlugin(plugin, options);
  t.after(() => serving.destroy());
  return serving;
}

interface Host {
  readonly broker: Broker;
  /** Serves on this host's side, has the plugin call it, and returns what the plugin got. */
  readonly callBack: (says: string) => Promise<string>;
  readonly callForth: () => Promise<string>;
  /** Ends the broker's stream alone. */
  readonly endStream: () => void;
  readonly close: () => void;
}

/** A host's connection to a plugin, as `@tenon/host` makes it. */
async function join(t: TestContext, serving: ServingPlugin, { multiplex = false, stream = true } = {}): Promise<Host> {
  const { network, address } = serving;
  const socket: Duplex = network === "unix" ? connect(address) : connect(Number(address.split(":")[1]), "127.0.0.1");
  let mux: Mux | undefined;
  if (multiplex) mux = createMux(socket, "client");
  const channel = createChannel(mux === undefined ? socket : await mux.session.open());
  const base = { plugin: "kv", tls: undefined, tlsTimeoutMs: 1000, timeoutMs: 2000, keepMs: 2000, owner: "The host" };
  const listen = { network: "unix", minPort: 0, maxPort: 0, tlsTimeoutMs: 1000 } as const;
  const paths = async (outbox: Outbox): Promise<Paths> =>
    mux === undefined ? new SocketPaths({ ...base, outbox, listen }) : new MuxPaths({ ...base, outbox, mux });
  const end = createBrokerEnd({ plugin: "kv", timeoutMs: 2000, paths });
  const ending = new AbortController();
  const { startStream } = createClient(GRPCBroker, channel.transport);
  if (stream) void end.read(startStream(end.outgoing, { signal: ending.signal }));
  const close = (): void => {
    end.destroy(new TenonError("broker-closed", "the test is over"));
    channel.destroy();
    mux?.session.destroy();
  };
  t.after(close);
  const client = createClient(KV, channel.transport);
  return {
    broker: end.broker,
    async callBack(says) {
      await using served = await end.broker.serve((server) => void server.add(KV, { get: () => ({ key: says }) }));
      return (await client.get({ key: String(served.id) })).key;
    },
    async callForth() {
      const { key } = await client.get({ key: "serve" });
      await using dialled = await end.broker.dial(Number(key));
      return (await createClient(KV, dialled.transport).get({})).key;
    },
    endStream: () => ending.abort(),
    close,
  };
}

for (const multiplex of [false, true]) {
  const environment = multiplex ? { PLUGIN_MULTIPLEX_GRPC: "true" } : {};
  const title = multiplex ? "multiplexed" : "by sockets";

  test(`two hosts of one plugin have a broker each, whose ids are the same, ${title} [BRK-09] [PLUG-21]`, async (t) => {
    const serving = await serve(t, { environment });
    const hosts = [await join(t, serving, { multiplex }), await join(t, serving, { multiplex })];
    for (let round = 0; round < 3; round++) {
      const said = await Promise.all(hosts.map((host, index) => host.callBack(`host ${index}`)));
      assert.deepEqual(said, ["host 0", "host 1"]);
      assert.deepEqual(await Promise.all(hosts.map((host) => host.callForth())), [
        "from the plugin",
        "from the plugin",
      ]);
    }
  });

  test(`a host that comes after another has gone finds a broker as good as new, ${title} [BRK-09] [PLUG-21]`, async (t) => {
    const serving = await serve(t, { environment });
    for (let host = 0; host < 3; host++) {
      const { callBack, callForth, close } = await join(t, serving, { multiplex });
      assert.equal(await callBack(`host ${host}`), `host ${host}`);
      assert.equal(await callForth(), "from the plugin");
      close();
    }
  });

  test(`what is served goes with the plugin, and with its host, ${title} [BRK-11]`, { timeout: 10_000 }, async (t) => {
    const serving = await serve(t, { environment });
    const directory = dirname(serving.address);
    const first = await join(t, serving, { multiplex });
    await first.callForth();
    first.close();
    // The plugin learns of it a moment later; the test's time limit is the limit.
    while (readdirSync(directory).length > 1) await sleep(5);
    const second = await join(t, serving, { multiplex });
    await second.callForth();
    const { drained } = await serving.close();
    assert.equal(drained, true);
    assert.ok(!existsSync(directory));
    await assert.rejects(second.broker.dial(1), (error) => isTenonError(error, "broker-closed"));
  });
}

test("a host that begins its stream anew has a new broker [BRK-09] [BRK-21]", async (t) => {
  const serving = await serve(t);
  const socket = connect(serving.address);
  const channel = createChannel(socket);
  t.after(() => channel.destroy());
  const listen = { network: "unix", minPort: 0, maxPort: 0, tlsTimeoutMs: 1000 } as const;
  for (let round = 0; round < 3; round++) {
    const end = createBrokerEnd({
      plugin: "kv",
      timeoutMs: 2000,
      paths: async (outbox) =>
        new SocketPaths({ plugin: "kv", owner: "The host", outbox, listen, tls: undefined, keepMs: 2000 }),
    });
    void end.read(createClient(GRPCBroker, channel.transport).startStream(end.outgoing));
    await using _ = await end.broker.serve((server) => void server.add(KV, { get: () => ({ key: "ok" }) }), { id: 5 });
    assert.equal((await createClient(KV, channel.transport).get({ key: "5" })).key, "ok");
    t.after(() => end.destroy(new TenonError("broker-closed", "the test is over")));
  }
});

test("a host that never begins its stream: a dial fails in time [BRK-03]", async (t) => {
  const serving = await serve(t, { brokerTimeoutMs: 50 });
  const host = await join(t, serving, { stream: false });
  await assert.rejects(host.callBack("x"), /Nobody answered under the broker id 1 within 50 ms/);
});

test("on TCP it listens on 127.0.0.1, in its range of ports [BRK-05]", async (t) => {
  const environment = { PLUGIN_MIN_PORT: "41200", PLUGIN_MAX_PORT: "41300" };
  const serving = await serve(t, { network: "tcp", environment });
  const host = await join(t, serving);
  assert.equal(await host.callForth(), "from the plugin");
  assert.equal(await host.callBack("host"), "host");
});

test("asked for the seventh field by a value that is not true, it is not multiplexed [BRK-12] [ENV-12]", async (t) => {
  const serving = await serve(t, { environment: { PLUGIN_MULTIPLEX_GRPC: "false" } });
  assert.equal(await (await join(t, serving)).callForth(), "from the plugin");
});
