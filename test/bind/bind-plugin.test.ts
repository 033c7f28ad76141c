import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { Code } from "@connectrpc/connect";
import { kv } from "@tenon/example-kv/contract";
import { goExample } from "@tenon/example-kv/go";
import { createHost, type LogRecord, type Session } from "@tenon/host";
import { admitAnyone, createTokens, type ListenOptions, requireCertificate, requireToken } from "@tenon/host/bind";
import { createConfig, createLog, createStore } from "@tenon/host/services";
import { createLogger, implement } from "@tenon/plugin";
import { type BindEvent, bindPlugin, type BindOptions } from "@tenon/plugin/bind";
import { eventually } from "@tenon/testkit";
import { createCertificate } from "@tenon/wire/tls";
import { storedKv } from "../fixtures/stored-kv.js";
import storedKvPlugin from "../fixtures/stored-kv-plugin.js";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";

const sandbox = useSandbox();
const plugin = implement(kv, { kv: { get: ({ key }) => ({ value: Buffer.from(key) }), put: () => ({}) } });

/** The program of the package's bin. */
const tenonBind = fileURLToPath(new URL("../../../packages/plugin/dist/bind/cli/main.js", import.meta.url));

async function listen(t: TestContext, options: Partial<ListenOptions> = {}) {
  const records: LogRecord[] = [];
  const host = createHost();
  t.after(() => host.stop());
  const listener = await host.listen({
    admit: admitAnyone(),
    contracts: [kv],
    log: (record) => void records.push(record),
    ...options,
  });
  const session = (name: string) =>
    eventually(() => listener.session(name) as Session<typeof kv.versions> | undefined, {
      what: `a session of ${name}`,
    });
  return { host, listener, records, session, to: listener.address };
}

async function bind(t: TestContext, options: BindOptions, served: Parameters<typeof bindPlugin>[0] = plugin) {
  const logger = createLogger({ name: "kv", write: () => {} });
  const bound = await bindPlugin(served, { minBackoffMs: 10, maxBackoffMs: 100, logger, ...options });
  t.after(() => bound.destroy());
  return bound;
}

function start(t: TestContext, command: readonly [string, ...string[]], env: Record<string, string> = {}) {
  const child = spawn(command[0], command.slice(1), {
    cwd: sandbox.directory,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (chunk) => (stderr += String(chunk)));
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
  t.after(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  return { child, exited, stderr: () => stderr };
}

test("a plugin dials in with its token and is called, over TCP and a unix socket [BPL-01]", async (t) => {
  for (const address of ["127.0.0.1:0", `unix:${join(sandbox.directory, "host.sock")}`]) {
    const tokens = createTokens();
    const { to, session, listener } = await listen(t, { address, admit: requireToken(tokens) });
    const bound = await bind(t, { to, token: tokens.issue({ plugin: "kv" }).token });
    const client = (await session("kv")).client("kv");
    assert.equal(Buffer.from((await client.get({ key: "hello" })).value).toString(), "hello");
    assert.equal(listener.plugins()[0]?.instance, bound.instance);
    await bound.close({ reason: "done" });
  }
});

test("a plugin and a host prove themselves by certificates [BPL-12]", async (t) => {
  const own = createCertificate();
  const plugins = createCertificate({ commonName: "kv" });
  const stranger = createCertificate({ commonName: "kv" });
  const { to, session } = await listen(t, {
    admit: requireCertificate(),
    tls: { cert: own.certPem, key: own.keyPem, ca: plugins.certPem },
  });
  const address = to.replace("127.0.0.1", "localhost");
  const tls = { ca: own.certPem, cert: plugins.certPem, key: plugins.keyPem };
  await bind(t, { to: address, tls });
  const client = (await session("kv")).client("kv");
  assert.equal(Buffer.from((await client.get({ key: "hello" })).value).toString(), "hello");

  for (const wrong of [
    { ...tls, ca: stranger.certPem },
    { ...tls, cert: stranger.certPem, key: stranger.keyPem },
  ]) {
    const giveUp = new AbortController();
    const causes: unknown[] = [];
    const onEvent = (event: BindEvent) => {
      if (event.type === "unreachable") causes.push(event.cause);
      giveUp.abort(new Error("seen enough"));
    };
    await assert.rejects(bind(t, { to: address, tls: wrong, onEvent, signal: giveUp.signal }), /seen enough/);
    assert.equal(causes.length, 1);
  }
});

test("a token that the host does not know rejects [BPL-03]", async (t) => {
  const { to } = await listen(t, { admit: requireToken(createTokens()) });
  await assert.rejects(bind(t, { to, token: "not.one" }), (error: Error) => {
    assert.match(error.message, /token-unknown/);
    assert.doesNotMatch(error.message, /not\.one/);
    return true;
  });
});

test("a plugin in a process of its own outlives its host, and finds the next one [BPL-05]", async (t) => {
  const tokens = createTokens();
  const first = await listen(t, { admit: requireToken(tokens) });
  const tokenFile = join(sandbox.directory, "token");
  writeFileSync(tokenFile, tokens.issue({ plugin: "kv" }).token);
  const { child, exited } = start(t, fixture("bound-kv"), { HOST_ADDRESS: first.to, TOKEN_FILE: tokenFile });
  await (await first.session("kv")).client("kv").put({ key: "a", value: Buffer.from("kept") });
  await first.listener.close();
  const second = await listen(t, { address: first.to, admit: requireToken(createTokens({ stored: tokens.stored() })) });
  const { value } = await (await second.session("kv")).client("kv").get({ key: "a" });
  assert.equal(Buffer.from(value).toString(), "kept");
  child.kill("SIGTERM");
  assert.equal(await exited, 0);
  await eventually(() => second.listener.plugins().length === 0);
});

test("records reach the host's log, at the level that it sets [BPL-10]", async (t) => {
  const { to, records, listener, session } = await listen(t);
  const { logger } = await bind(t, { to });
  await session("kv");
  const [shown] = listener.plugins();
  logger.debug("too quiet");
  logger.info("heard", { n: 1, call_id: "c-1" });
  const record = await eventually(() => records.find(({ message }) => message === "heard"));
  assert.deepEqual([record.plugin, record.level, record.fields["n"], record.callId], ["kv", "info", 1, "c-1"]);
  assert.ok(shown !== undefined && listener.setLogLevel(shown.id, "debug"));
  await eventually(
    () => logger.isEnabled("debug") && (logger.debug("now"), records.some((each) => each.message === "now")),
  );
  assert.ok(!records.some(({ message }) => message === "too quiet"));
});

test("a host drains a plugin, and sends one away for good [BPL-07, BPL-09]", async (t) => {
  const { to, listener, session } = await listen(t);
  const drained = await bind(t, { to, instance: "one" });
  await session("kv");
  assert.equal(await listener.drain("kv/one", { reason: "an update" }), true);
  const reason = await drained.closed;
  assert.deepEqual([reason.kind, reason.reason], ["drained", "an update"]);
  const kicked = await bind(t, { to, instance: "two" });
  await session("kv");
  assert.ok(listener.kick("kv/two", "it misbehaves"));
  assert.deepEqual([(await kicked.closed).kind, (await kicked.closed).reason], ["dismissed", "it misbehaves"]);
});

test("host services are reached over the link [BPL-17]", async (t) => {
  const store = createStore({ directory: join(sandbox.directory, "stores") });
  const config = createConfig();
  const log = createLog({ sink: () => {} });
  t.after(async () => {
    await store.erase("stored-kv");
    await store.close();
  });
  config.set("stored-kv", { prefix: "p/" });
  const { to, listener } = await listen(t, {
    contracts: [storedKv],
    hostServices: { store: store.for, config: config.for, log: log.for },
  });
  await bind(t, { to }, storedKvPlugin);
  const session = await eventually(
    () => listener.session("stored-kv") as Session<typeof storedKv.versions> | undefined,
  );
  await session.client("kv").put({ key: "a", value: Buffer.from("b") });
  assert.equal(Buffer.from((await session.client("kv").get({ key: "a" })).value).toString(), "b");
  await assert.rejects(session.client("kv").get({ key: "c" }), { code: Code.NotFound });
});

/** go-plugin's own example, which keeps its values in files of its directory. */
const go = await goExample();

for (const flags of [[], ["--no-multiplex"]]) {
  test(`an unchanged plugin in Go dials in through tenon-bind ${flags.join()} [BPL-20]`, {
    skip: go.missing ?? false,
  }, async (t) => {
    assert.ok(go.plugin !== undefined);
    const tokens = createTokens();
    const { to, session, listener } = await listen(t, { admit: requireToken(tokens) });
    const tokenFile = join(sandbox.directory, "token");
    writeFileSync(tokenFile, tokens.issue({ plugin: "kv-go" }).token);
    const own = ["--to", to, "--token-file", tokenFile, "--name", "kv-go", "--cookie", "BASIC_PLUGIN=hello", ...flags];
    const { child, exited, stderr } = start(t, [process.execPath, tenonBind, ...own, "--", go.plugin]);
    const client = (
      await session("kv-go").catch((error: unknown) => assert.fail(`${String(error)} ${stderr()}`))
    ).client("kv");
    await client.put({ key: "a", value: Buffer.from("b") });
    assert.match(Buffer.from((await client.get({ key: "a" })).value).toString(), /^b/);
    child.kill("SIGTERM");
    assert.equal(await exited, 0);
    await eventually(() => listener.plugins().length === 0);
  });
}
