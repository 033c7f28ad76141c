import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { type TestContext, test } from "node:test";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import {
  GRPCBroker,
  GRPCController,
  GRPCStdio,
  Health,
  isTenonError,
  parseHandshakeLine,
  TenonError,
} from "@tenon/core";
import { createDuplexPair, eventually, injectFaults } from "@tenon/testkit";
import { type Channel, createCertificate, createChannel } from "@tenon/wire";
import { type Broker, brokerKey, createBrokerEnd } from "@tenon/wire/broker";
import { createMux, MuxPaths } from "@tenon/wire/broker-mux";
import { implement } from "../implement.js";
import { echo, KV, kv } from "../kv.testing.js";
import { createLogger } from "../log/logger.js";
import { serveStream, type ServeStreamOptions } from "./serve-stream.js";
import type { ServingPlugin } from "./serving.js";
import { waitFor } from "./serve.testing.js";

const multiplexed = { PLUGIN_MULTIPLEX_GRPC: "true" };
const gates: (() => void)[] = [];
const aborts: unknown[] = [];

/** `get` answers, or uses the broker where its key says so; `put` waits for its gate. */
const plugin = implement(kv, {
  kv: {
    ...echo,
    async get(request, { values }) {
      const { key } = request;
      const broker = values.get(brokerKey);
      if (key === "serve") {
        const served = await broker.serve((server) => void server.add(KV, { get: () => ({ key: "from the plugin" }) }));
        return { key: String(served.id) };
      }
      if (!/^\d+$/.test(key)) return request;
      await using channel = await broker.dial(Number(key));
      return createClient(KV, channel.transport).get({});
    },
    put: (pair, { signal }) =>
      new Promise((resolve, reject) => {
        gates.push(() => resolve(pair));
        signal.addEventListener("abort", () => {
          aborts.push(signal.reason);
          reject(signal.reason as Error);
        });
      }),
  },
});

interface Rig {
  readonly serving: ServingPlugin<"stdio">;
  /** The host's end of the stream. */
  readonly stream: Duplex;
  readonly channel: Channel;
  /** The host's end of the broker. */
  readonly broker: Broker;
  /** Ends the host's side as a host does. */
  readonly close: () => void;
}

/** A plugin on one end of a stream and a host on the other, as @tenon/host does it. */
async function rig(t: TestContext, options: ServeStreamOptions = {}, pair = createDuplexPair()): Promise<Rig> {
  const [stream, theirs] = pair;
  const serving = await serveStream(plugin, theirs, options);
  const { multiplex } = parseHandshakeLine(serving.line, "stdio");
  const mux = multiplex === true ? createMux(stream, "client") : undefined;
  const channel = createChannel(mux === undefined ? stream : await mux.session.open());
  const end = createBrokerEnd({
    plugin: "kv",
    timeoutMs: 2000,
    paths: async (outbox) => {
      if (mux === undefined) throw new Error("no broker without yamux");
      return new MuxPaths({ plugin: "kv", mux, outbox, tls: undefined, tlsTimeoutMs: 1000, timeoutMs: 2000 });
    },
  });
  if (mux !== undefined) void end.read(createClient(GRPCBroker, channel.transport).startStream(end.outgoing));
  const close = (): void => {
    end.destroy(new TenonError("broker-closed", "the test is over"));
    channel.destroy();
    mux?.session.destroy();
  };
  t.after(() => {
    close();
    serving.destroy();
    stream.destroy();
  });
  return { serving, stream, channel, broker: end.broker, close };
}

for (const environment of [{}, multiplexed] as const) {
  const form = environment === multiplexed ? "multiplexed" : "plain";

  test(`serves the contract's services and the standard ones, ${form} [STD-10]`, async (t) => {
    const { serving, channel } = await rig(t, { environment });
    const client = createClient(KV, channel.transport);
    assert.equal((await client.get({ key: "k" })).key, "k");
    const seen: string[] = [];
    for await (const { key } of client.watch({ key: "w" })) seen.push(key);
    assert.deepEqual(seen, ["w"]);
    const health = createClient(Health, channel.transport);
    for (const service of ["", "plugin", "test.KV"]) assert.equal((await health.check({ service })).status, 1);
    assert.deepEqual([serving.network, serving.address, serving.version], ["stdio", "-", 1]);
  });

  test(`answers Shutdown, gives the last of its output, and ends the stream, ${form} [STD-12]`, async (t) => {
    const { serving, stream, channel } = await rig(t, { environment });
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { data } of createClient(GRPCStdio, channel.transport).streamStdio({}))
        seen.push(Buffer.from(data).toString());
    })();
    serving.writeStdout(Buffer.from("last"));
    await createClient(GRPCController, channel.transport).shutdown({});
    await reading;
    assert.deepEqual(seen, ["last"]);
    const { kind, drained } = await serving.closed;
    assert.deepEqual({ kind, drained }, { kind: "shutdown", drained: true });
    await eventually(() => stream.destroyed, { what: "the end of the stream" });
  });

  test(`lets calls in flight finish, and cuts off those that take too long, ${form} [STD-12]`, async (t) => {
    for (const drainTimeoutMs of [5000, 20]) {
      const { serving, channel } = await rig(t, { environment, drainTimeoutMs });
      gates.length = 0;
      const call = createClient(KV, channel.transport).put({ key: "k" });
      const outcome = call.then(
        ({ key }) => key,
        () => "cut off",
      );
      await waitFor(() => gates.length === 1);
      const closing = serving.close();
      if (drainTimeoutMs > 20) gates[0]!();
      assert.equal(await outcome, drainTimeoutMs > 20 ? "k" : "cut off");
      assert.equal((await closing).drained, drainTimeoutMs > 20);
    }
  });

  for (const how of ["ends", "is destroyed", "breaks"] as const) {
    test(`ends when the stream ${how}, with the calls in flight, ${form} [STD-11]`, async (t) => {
      const { serving, stream, channel } = await rig(t, { environment });
      gates.length = 0;
      aborts.length = 0;
      const failed = assert.rejects(
        createClient(KV, channel.transport).put({ key: "k" }),
        (error) => ConnectError.from(error).code === Code.Unavailable,
      );
      await waitFor(() => gates.length === 1);
      stream.on("error", () => {});
      if (how === "ends") stream.end();
      else stream.destroy(how === "breaks" ? new Error("it broke") : undefined);
      const { kind, drained } = await serving.closed;
      assert.deepEqual({ kind, drained }, { kind: "disconnected", drained: false });
      await waitFor(() => aborts.length === 1);
      await failed;
    });
  }

  test(`ends when the stream does before anything was said, ${form} [STD-11]`, async (t) => {
    const [stream, theirs] = createDuplexPair();
    const serving = await serveStream(plugin, theirs, { environment });
    t.after(() => stream.destroy());
    stream.end();
    const { kind, drained } = await serving.closed;
    assert.deepEqual({ kind, drained }, { kind: "disconnected", drained: true });
    assert.ok(theirs.destroyed);
  });

  test(`works byte by byte, ${form} [STD-10]`, async (t) => {
    const [stream, theirs] = createDuplexPair();
    const { stream: slow } = injectFaults(theirs, { readChunkBytes: 1, writeChunkBytes: 7 });
    const { channel } = await rig(t, { environment }, [stream, slow]);
    assert.equal((await createClient(KV, channel.transport).get({ key: "k" })).key, "k");
  });
}

test("multiplexed, the broker works in both directions, also while a call is in flight [STD-10]", async (t) => {
  const { channel, broker } = await rig(t, { environment: multiplexed });
  const client = createClient(KV, channel.transport);
  for (let round = 0; round < 3; round++) {
    await using served = await broker.serve((server) => void server.add(KV, { get: () => ({ key: "from the host" }) }));
    assert.equal((await client.get({ key: String(served.id) })).key, "from the host");
    const { key } = await client.get({ key: "serve" });
    await using dialled = await broker.dial(Number(key));
    assert.equal((await createClient(KV, dialled.transport).get({})).key, "from the plugin");
  }
});

test("plain, there is no broker, and no socket is opened [STD-08] [STD-10]", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tenon-"));
  const { TMPDIR } = process.env;
  process.env["TMPDIR"] = folder;
  t.after(() => {
    if (TMPDIR === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = TMPDIR;
    rmSync(folder, { recursive: true });
  });
  const { channel } = await rig(t);
  const calls = ["serve", "7"].map((key) => createClient(KV, channel.transport).get({ key }));
  for (const call of calls) await assert.rejects(call, /connection without a broker/);
  const stream = createClient(GRPCBroker, channel.transport).startStream((async function* () {})());
  for await (const _ of stream) assert.fail("nothing is announced");
  assert.deepEqual(readdirSync(folder), []);
});

test("its line has the network stdio, and says by its seventh field what the bytes are [STD-02] [STD-07]", async (t) => {
  for (const [value, seventh] of [
    [undefined, ""],
    ["true", "|true"],
    ["false", "|false"],
    ["x", "|false"],
  ] as const) {
    const { serving } = await rig(t, { environment: { PLUGIN_MULTIPLEX_GRPC: value } });
    assert.equal(serving.line, `1|1|stdio|-|grpc|${seventh}`);
  }
});

test("uses no TLS, and says none in its line, whatever the environment asks [STD-08]", async (t) => {
  const { serving, channel } = await rig(t, { environment: { PLUGIN_CLIENT_CERT: createCertificate().certPem } });
  assert.equal(serving.line, "1|1|stdio|-|grpc|");
  assert.equal((await createClient(KV, channel.transport).get({ key: "k" })).key, "k");
});

test("writes nothing before its peer does, so that a line can go first", async (t) => {
  for (const environment of [{}, multiplexed]) {
    const [stream, theirs] = createDuplexPair();
    const serving = await serveStream(plugin, theirs, { environment });
    t.after(() => serving.destroy());
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(stream.read(), null);
    assert.equal(stream.readableLength, 0);
  }
});

test("a stream that has ended already is served to its end at once [STD-11]", async () => {
  const [, theirs] = createDuplexPair();
  theirs.destroy();
  const serving = await serveStream(plugin, theirs);
  assert.equal((await serving.closed).kind, "disconnected");
});

test("destroys the stream where it cannot serve", async () => {
  for (const options of [
    { environment: { TENON_TRANSPORT: "pigeon" } },
    { drainTimeoutMs: -1 },
    { signal: AbortSignal.abort() },
  ]) {
    const [, theirs] = createDuplexPair();
    await assert.rejects(serveStream(plugin, theirs, options));
    assert.ok(theirs.destroyed);
  }
});

test("ends at once when its signal is aborted", async (t) => {
  const abort = new AbortController();
  const { serving, stream } = await rig(t, { signal: abort.signal });
  abort.abort();
  assert.equal((await serving.closed).kind, "aborted");
  await eventually(() => stream.readableEnded || stream.destroyed);
});

test("says in the log what it passed over", async (t) => {
  const records: Record<string, unknown>[] = [];
  const logger = createLogger({ write: (line) => records.push(JSON.parse(line) as Record<string, unknown>) });
  await rig(t, { logger, environment: { PLUGIN_PROTOCOL_VERSIONS: "1,x" } });
  assert.ok(records.some((record) => /PLUGIN_PROTOCOL_VERSIONS holds "x"/.test(String(record["@message"]))));
});

test("a stream of a plugin is not for a host that wants a socket [STD-03]", async (t) => {
  const { serving } = await rig(t);
  assert.throws(
    () => parseHandshakeLine(serving.line),
    (error) => isTenonError(error, "transport-mismatch"),
  );
});
