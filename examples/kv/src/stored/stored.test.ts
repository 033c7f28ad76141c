import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, type ConnectError, type HandlerContext } from "@connectrpc/connect";
import { callInfo, createHost, type StartOptions } from "@tenon/host";
import { buildGo } from "../go/index.js";
import { storedKv } from "./contract.js";
import { createStore, type Values } from "./host.js";

const bytes = (text: string) => new TextEncoder().encode(text);

async function putAndGet(command: readonly [string, ...string[]], options: StartOptions = {}) {
  const kept: Values = new Map();
  await using host = createHost({ name: "app" });
  const session = await host.start(
    storedKv,
    { process: command },
    {
      ...options,
      hostServices: {
        store: (plugin) => createStore(kept, plugin.name),
      },
    },
  );
  const kv = session.client("kv");
  await kv.put({ key: "hello", value: bytes("world") });
  assert.deepEqual((await kv.get({ key: "hello" })).value, bytes("world"));
  assert.deepEqual(kept.get("kv")?.get("hello"), bytes("world"));
  await assert.rejects(kv.get({ key: "nothing" }), { code: Code.NotFound });
}

/** What the host learns of a call that a plugin makes while it handles another. */
async function look(command: readonly [string, ...string[]], options: StartOptions) {
  let seen: ReturnType<typeof callInfo> | undefined;
  const store = {
    get: (_: unknown, context: HandlerContext) => {
      seen = callInfo(context);
      return {};
    },
    put: () => ({}),
  };
  await using host = createHost();
  const session = await host.start(storedKv, { process: command }, { ...options, hostServices: { store } });
  const headers = { "tenon-call-id": "7", traceparent: "00-a-b-01" };
  await session.client("kv").get({ key: "k" }, { headers, timeoutMs: 20_000 });
  const { id, depth, traceparent, caller, instance, deadlineMs = 0 } = seen!;
  assert.deepEqual([id, depth, traceparent, caller, instance], ["7", 2, "00-a-b-01", "kv", session.id]);
  assert.ok(deadlineMs > 0 && deadlineMs <= 20_000);
}

async function beRefused(command: readonly [string, ...string[]], options: StartOptions) {
  await using host = createHost();
  const session = await host.start(storedKv, { process: command }, options);
  await assert.rejects(session.client("kv").get({ key: "k" }), (error: ConnectError) => {
    assert.equal(error.code, Code.PermissionDenied);
    assert.match(error.rawMessage, /does not grant the service "store"/);
    return true;
  });
}

const typescript = [process.execPath, fileURLToPath(new URL("plugin.js", import.meta.url))] as const;

// Built before the first test begins, which would find the compiler at work.
const go = await buildGo({ module: fileURLToPath(new URL("../../go", import.meta.url)), packages: ["./stored"] });

for (const multiplex of [false, true]) {
  const way = multiplex ? "multiplexed" : "by sockets";
  const skip = go.missing ?? false;
  const plugin = [`${go.folder}/stored`] as const;

  test(`a plugin in TypeScript keeps its values with its host, ${way}`, () => putAndGet(typescript, { multiplex }));

  test(`a plugin in Go keeps its values with its host, ${way} [HSV-10]`, { skip }, async () => {
    await putAndGet(plugin, { multiplex });
    await putAndGet(plugin, { multiplex, autoMtls: false });
  });

  test(`a plugin in Go tells on what it was told, ${way} [HSV-10]`, { skip }, () => look(plugin, { multiplex }));

  test(`a plugin in Go is refused what is not granted, ${way} [HSV-10]`, { skip }, () =>
    beRefused(plugin, { multiplex }),
  );

  test(`a plugin in Go may be called late, ${way} [HSV-10]`, { skip }, async () => {
    await using host = createHost();
    const hostServices = { store: createStore(new Map([["kv", new Map([["k", bytes("v")]])]]), "kv") };
    const session = await host.start(storedKv, { process: plugin }, { multiplex, hostServices });
    // Longer than go-plugin keeps what nobody has dialled.
    await sleep(5500);
    assert.deepEqual((await session.client("kv").get({ key: "k" })).value, bytes("v"));
  });
}
