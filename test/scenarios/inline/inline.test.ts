import assert from "node:assert/strict";
import { once } from "node:events";
import { pathToFileURL } from "node:url";
import { test } from "node:test";
import type { ConnectError } from "@connectrpc/connect";
import { Code, type HandlerContext } from "@connectrpc/connect";
import { type ErrorCode, isTenonError } from "@tenon/core";
import { createHost, type InlineLaunch, type LogRecord } from "@tenon/host";
import { implement } from "@tenon/plugin";
import { eventually } from "@tenon/testkit";
import { chaosService } from "../../fixtures/chaos-service.js";
import { echo, stranger, versioned } from "../../fixtures/contracts.js";
import { echoService } from "../../fixtures/echo-service.js";
import { fixture } from "../../support/fixture.js";
import { pluginFolder, preamble, textOf } from "./plugin-folder.js";

const hello = { chunks: [Buffer.from("hello")] };
const plugin = implement(echo, { echo: echoService, chaos: chaosService });
const file = fixture("echo-plugin")[1]!;

const launches: Readonly<Record<string, InlineLaunch>> = {
  "a plugin": { inline: plugin },
  "a plugin, with copies": { inline: plugin, copy: true },
  "a path": { inline: file },
  "a URL": { inline: pathToFileURL(file) },
  "a URL as text": { inline: pathToFileURL(file).href },
  "a file that can be reloaded": { inline: file, reload: true },
};

for (const [what, launch] of Object.entries(launches)) {
  test(`runs ${what} in the host's own process, every kind of call [INL-10]`, async () => {
    await using host = createHost();
    const session = await host.start(echo, launch);
    const client = session.client("echo");
    assert.equal(textOf(await client.unary(hello)), "hello");
    let count = 0;
    for await (const _ of client.serverStream(hello, { headers: { "x-count": "3" } })) count++;
    async function* requests() {
      for (let i = 0; i < 5; i++) yield hello;
    }
    assert.equal((await client.clientStream(requests())).chunks.length, 5);
    for await (const _ of client.bidi(requests())) count++;
    assert.equal(count, 8);
    assert.equal((await session.client("chaos").describe({})).pid, process.pid);
    assert.ok((await session.ping()) >= 0);
    assert.deepEqual(
      [session.pid, session.isolation, session.tls, session.multiplexed, session.version],
      [process.pid, "none", false, false, 1],
    );
    await assert.rejects(client.unary(hello, { headers: { "x-status": "5" } }), { code: Code.NotFound });
    const { how, exitCode, isDrained } = await session.stop();
    assert.deepEqual([how, exitCode, isDrained], ["shutdown", 0, true]);
    await assert.rejects(client.unary(hello), { code: Code.Unavailable });
  });
}

test("stop lets calls in flight end, and does not wait for ever for those that do not [INL-13]", async () => {
  const contexts: HandlerContext[] = [];
  const hangs = implement(echo, {
    chaos: chaosService,
    echo: {
      ...echoService,
      async clientStream(_, context) {
        contexts.push(context);
        await new Promise(() => {});
        return {};
      },
    },
  });
  await using host = createHost();
  const gentle = await host.start(echo, { inline: hangs });
  const call = gentle.client("echo").unary(hello, { headers: { "x-delay-ms": "50" } });
  assert.equal((await gentle.stop()).how, "shutdown");
  assert.equal(textOf(await call), "hello");

  const stubborn = await host.start(echo, { inline: hangs });
  const never = stubborn.client("echo").clientStream((async function* () {})());
  never.catch(() => {});
  await eventually(() => contexts.length === 1);
  const { how, signal } = await stubborn.stop({ shutdownTimeoutMs: 50, terminateTimeoutMs: 50 });
  assert.deepEqual([how, signal], ["killed", "SIGKILL"]);
  await assert.rejects(never, { code: Code.Unavailable });
  assert.equal(contexts[0]!.signal.aborted, true);
});

test("chooses the highest version that both have [INL-11]", async () => {
  const of = (...versions: number[]) =>
    implement(versioned, Object.fromEntries(versions.map((version) => [version, services(version)])) as never);
  const services = (version: number) => ({ echo: echoService, ...(version === 3 && { chaos: chaosService }) });
  await using host = createHost();
  assert.equal((await host.start(versioned, { inline: of(1, 2, 3) })).version, 3);
  assert.equal((await host.start(versioned, { inline: of(2, 1) })).version, 2);
  const old = { ...versioned, versions: { 1: versioned.versions[1] } };
  await assert.rejects(host.start(old, { inline: of(2, 3) }), { code: "version-mismatch" });
});

test("calls the module's dispose once when the instance has ended, and logs what it throws [INL-14]", async (t) => {
  const { file: fileOf } = pluginFolder(t, {
    "good.js": `${preamble}
      let disposed = 0;
      export default make({ unary: () => text(disposed) });
      export async function dispose() { globalThis.inlineDisposed = ++disposed; }`,
    "bad.js": `${preamble}
      export default make({});
      export function dispose() { throw new Error("the drawer is stuck"); }`,
  });
  const records: LogRecord[] = [];
  await using host = createHost();
  const good = await host.start(echo, { inline: fileOf("good.js") });
  assert.equal(textOf(await good.client("echo").unary({})), "0");
  await good.stop();
  const known = globalThis as { inlineDisposed?: number };
  assert.equal(known.inlineDisposed, 1);
  delete known.inlineDisposed;
  const bad = await host.start(echo, { inline: fileOf("bad.js") }, { log: (record) => records.push(record) });
  assert.equal((await bad.stop()).how, "shutdown");
  await eventually(() => records.some(({ message }) => message.includes("the drawer is stuck")));
});

const faults: readonly [what: string, launch: InlineLaunch, code: ErrorCode, message: RegExp][] = [
  ["a file that is not there", { inline: "./no-such-plugin.js" }, "executable-not-found", /no-such-plugin/],
  ["a module without default export", { inline: "./none.js" }, "plugin-invalid", /no default export/],
  [
    "a module that exports something else",
    { inline: "./other.js" },
    "plugin-invalid",
    /exports an object by default.*implement/,
  ],
  ["a module that throws", { inline: "./throws.js" }, "launcher-failed", /throws\.js.*out of order/],
  ["a module that is no JavaScript", { inline: "./syntax.js" }, "launcher-failed", /syntax\.js/],
  ["the same, to be reloaded", { inline: "./syntax.js", reload: true }, "launcher-failed", /syntax\.js/],
  [
    "a bundle that requires a file",
    { inline: "./parts.cjs", reload: true },
    "plugin-invalid",
    /"\.\/part\.cjs".*Bundle it/,
  ],
];

test("says what is wrong with a plugin, and leaves nothing [INL-12]", async (t) => {
  const { folder } = pluginFolder(t, {
    "none.js": "export const plugin = 1;",
    "other.js": "export default { contract: 1 };",
    "throws.js": "throw new Error('out of order');",
    "syntax.js": "export default {{",
    "parts.cjs": "module.exports = require('./part.cjs');",
    "part.cjs": "",
  });
  await using host = createHost();
  for (const [what, launch, code, message] of faults) {
    const failure: unknown = await host.start(echo, { ...launch, cwd: folder }).catch((error: unknown) => error);
    assert.ok(isTenonError(failure, code), `${what}: ${String(failure)}`);
    assert.match(failure.message, message, what);
  }
  const other = implement(stranger, { echo: echoService });
  await assert.rejects(host.start(echo, { inline: other }), { code: "cookie-mismatch" });
  assert.equal(host.sessions.length, 0);
});

const invalid: readonly [launch: object, code: ErrorCode][] = [
  [{ inline: 5 }, "option-invalid"],
  [{ inline: "" }, "option-invalid"],
  [{ inline: "http://example.com/plugin.js" }, "executable-not-found"],
  [{ inline: new URL("http://example.com/plugin.js") }, "option-invalid"],
  [{ inline: {} }, "plugin-invalid"],
  [{ inline: { contract: {}, versions: {} } }, "plugin-invalid"],
  [{ inline: { ...plugin, versions: {} } }, "plugin-invalid"],
  [{ inline: { ...plugin, versions: { 1: [{}] } } }, "plugin-invalid"],
  [{ inline: plugin, copy: "yes" }, "option-invalid"],
  [{ inline: plugin, reload: true }, "option-invalid"],
  [{ inline: plugin, env: {} }, "option-invalid"],
];

test("refuses launches that cannot be meant [INL-12]", async () => {
  await using host = createHost();
  for (const [launch, code] of invalid) {
    await assert.rejects(host.start(echo, launch as InlineLaunch), { code }, String(Object.values(launch)[0]));
  }
});

test("an abort of the host's session fails calls in flight and aborts their handlers [INL-13]", async () => {
  let context!: HandlerContext;
  const hangs = implement(echo, {
    chaos: chaosService,
    echo: {
      ...echoService,
      async unary(_, given) {
        context = given;
        await once(given.signal, "abort");
        return {};
      },
    },
  });
  const host = createHost();
  const session = await host.start(echo, { inline: hangs });
  const call = session.client("echo").unary({});
  const failure = call.catch((error: unknown) => error);
  await session.stop({ shutdownTimeoutMs: 0, terminateTimeoutMs: 0 });
  assert.ok(((await failure) as ConnectError).code === Code.Unavailable);
  assert.equal(context.signal.aborted, true);
  await host.stop();
});
