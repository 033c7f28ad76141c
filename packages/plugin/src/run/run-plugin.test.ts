import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { GRPCController, GRPCStdio } from "@tenon/core";
import { cookie, KV } from "../kv.testing.js";
import { startPlugin, until } from "./process.testing.js";

const limit = { timeout: 30_000 };
const message = (record: Record<string, unknown> | undefined) => String(record?.["@message"]);

test("prints one line, serves, and ends when the host asks [HS-01] [PLUG-03]", limit, async (t) => {
  const plugin = startPlugin(t, { options: 'cleanUp: ({ kind }) => console.info("cleaned up after", kind)' });
  assert.equal((await (await plugin.open(KV)).get({ key: "k" })).key, "k");
  await (await plugin.open(GRPCController)).shutdown({});
  assert.deepEqual(await plugin.exited, { code: 0, signal: null });
  assert.match(plugin.stdout, /^1\|1\|unix\|[^|\n]*\|grpc\|\n$/);
  assert.ok(plugin.records.some((record) => message(record) === "cleaned up after shutdown"));
  assert.deepEqual(plugin.leftovers(), []);
});

test("serves calls and streams and ends without Node's HTTP client, which takes 20 ms to load", limit, async (t) => {
  const client = 'process.moduleLoadList.filter((name) => name.includes("undici"))';
  const plugin = startPlugin(t, { options: `cleanUp: () => console.info("loaded", ${client})` });
  const output = (await plugin.open(GRPCStdio)).streamStdio({})[Symbol.asyncIterator]();
  const read = output.next();
  await (await plugin.open(KV)).get({ key: "k" });
  await (await plugin.open(GRPCController)).shutdown({});
  assert.equal((await read).done, true);
  await plugin.exited;
  assert.ok(plugin.records.some((record) => message(record) === "loaded []"));
});

test("explains itself to a person who runs it [PLUG-01]", limit, async (t) => {
  const none = { [cookie.key]: undefined, PLUGIN_MIN_PORT: undefined, PLUGIN_PROTOCOL_VERSIONS: undefined };
  const plugin = startPlugin(t, { env: none });
  assert.deepEqual(await plugin.exited, { code: 1, signal: null });
  assert.equal(plugin.stdout, "");
  assert.match(plugin.stderr, /^This program is a plugin \(contract "kv"\)/);
  assert.match(plugin.stderr, /\n {4}TEST_PLUGIN='hello there' .*plugin\.mjs\n/);
});

test("tells a host with another cookie so in its log [PLUG-01]", limit, async (t) => {
  for (const value of ["other", undefined]) {
    const plugin = startPlugin(t, { env: { [cookie.key]: value } });
    assert.deepEqual(await plugin.exited, { code: 1, signal: null });
    assert.equal(plugin.stdout, "");
    const [record] = plugin.records;
    assert.deepEqual([record?.["@level"], record?.["code"]], ["error", "cookie-mismatch"]);
  }
});

test("looks at its cookie byte for byte, and at nothing else where that is wrong [PLUG-16]", limit, async (t) => {
  for (const value of [cookie.value.toUpperCase(), `${cookie.value} `]) {
    const plugin = startPlugin(t, {
      env: { [cookie.key]: value, PLUGIN_MIN_PORT: "none", PLUGIN_CLIENT_CERT: "none" },
    });
    assert.deepEqual(await plugin.exited, { code: 1, signal: null });
    assert.deepEqual([plugin.stdout, plugin.records.map((record) => record["code"])], ["", ["cookie-mismatch"]]);
  }
});

test("says why it cannot serve in one record, and prints no line [PLUG-17]", limit, async (t) => {
  const faults = [
    [{ PLUGIN_MIN_PORT: "none" }, "environment-invalid"],
    [{ PLUGIN_CLIENT_CERT: "none" }, "certificate-invalid"],
    [{ PLUGIN_UNIX_SOCKET_DIR: "/no/such/directory" }, "listen-failed"],
  ] as const;
  for (const [env, code] of faults) {
    const plugin = startPlugin(t, { env });
    assert.deepEqual(await plugin.exited, { code: 1, signal: null });
    const [record, ...others] = plugin.records.filter((each) => each["@level"] === "error");
    assert.deepEqual([plugin.stdout, record?.["code"], others], ["", code, []]);
  }
});

test("does nothing where its module is not the program [PLUG-12]", limit, async (t) => {
  const plugin = startPlugin(t, { before: 'process.argv[1] = "/some/other/program.js";' });
  assert.deepEqual(await plugin.exited, { code: 0, signal: null });
  assert.equal(plugin.stdout, "runPlugin returned");
  assert.equal(plugin.stderr, "");
});

test("sends console to the log and process.stdout to the host [STDIO-01]", limit, async (t) => {
  const methods = `get(pair) {
    console.log("log %s", 1, { a: [1] }); console.debug("d"); console.warn("w"); console.error(new Error("e"));
    console.trace("t"); console.dir({ d: 1 }); console.table([[1]]); console.assert(false, "asserted");
    process.stdout.write("to the host\\n"); process.stderr.write("plain\\n");
    return pair;
  }`;
  const plugin = startPlugin(t, { methods });
  await (await plugin.open(KV)).get({});
  for await (const { channel, data } of (await plugin.open(GRPCStdio)).streamStdio({})) {
    assert.deepEqual([channel, Buffer.from(data).toString()], [1, "to the host\n"]);
    break;
  }
  await until(() => plugin.stderr.includes("asserted"));
  const printed = plugin.records.filter((record) => !message(record).startsWith("plugin "));
  assert.deepEqual(
    printed.map((record) => [record["@level"], message(record).split("\n")[0]]),
    [
      ["info", "log 1 { a: [ 1 ] }"],
      ["debug", "d"],
      ["warn", "w"],
      ["error", "Error: e"],
      ["trace", "Trace: t"],
      ["info", "{ d: 1 }"],
      ["info", message(printed[6]).split("\n")[0]],
      ["warn", "Assertion failed: asserted"],
    ],
  );
  assert.match(message(printed[6]), /index/);
  assert.match(plugin.stderr, /^plain$/m);
  assert.equal(plugin.stdout.split("\n").length, 2);
});

test("keeps what imports print away from the line, with the guard [STDIO-02]", limit, async (t) => {
  const guard = new URL("../guard.js", import.meta.url).href;
  const noisy = "data:text/javascript,console.log('import');process.stdout.write('early')";
  const plugin = startPlugin(t, { first: `import "${guard}"; import "${noisy}";` });
  for await (const { data } of (await plugin.open(GRPCStdio)).streamStdio({})) {
    assert.equal(Buffer.from(data).toString(), "early");
    break;
  }
  assert.match(plugin.stdout, /^1\|[^\n]*\n$/);
  assert.equal(message(plugin.records[0]), "import");
});

test("has no guard in a process that no host started", limit, async (t) => {
  const guard = new URL("../guard.js", import.meta.url).href;
  const plugin = startPlugin(t, {
    first: `import "${guard}";`,
    before: 'process.stdout.write("kept\\n"); process.exit();',
    env: { PLUGIN_MIN_PORT: undefined, PLUGIN_PROTOCOL_VERSIONS: undefined },
  });
  await plugin.exited;
  assert.equal(plugin.stdout, "kept\n");
});

test("reports in its log what was printed and never read [STDIO-04]", limit, async (t) => {
  const plugin = startPlugin(t, { methods: 'get(pair) { process.stdout.write("unread"); return pair; }' });
  await (await plugin.open(KV)).get({});
  plugin.child.kill("SIGTERM");
  await plugin.exited;
  assert.equal(plugin.records.find((record) => record["output"] !== undefined)?.["output"], "unread");
});

const crashes: readonly [what: string, statement: string, expected: RegExp][] = [
  ["an exception", 'setTimeout(() => { throw new TypeError("boom"); })', /^uncaught exception: TypeError: boom$/],
  [
    "a rejection",
    'void Promise.reject(Object.assign(new Error("late"), { code: "E1" }))',
    /^unhandled rejection: Error: late$/,
  ],
  [
    "a value that is no error",
    "setTimeout(() => { throw { toString() { throw 1; } }; })",
    /^uncaught exception: \{.*\}$/,
  ],
];

for (const [what, statement, expected] of crashes) {
  test(`reports ${what} that nobody caught in one record [PLUG-13]`, limit, async (t) => {
    const plugin = startPlugin(t, { methods: `get(pair) { ${statement}; return pair; }` });
    await (await plugin.open(KV)).get({}).catch(() => {});
    assert.deepEqual(await plugin.exited, { code: 1, signal: null });
    const errors = plugin.records.filter((record) => record["@level"] === "error");
    assert.equal(errors.length, 1);
    assert.match(message(errors[0]), expected);
    assert.equal(
      plugin.stderr
        .split("\n")
        .filter((line) => !line.startsWith("{"))
        .join(""),
      "",
    );
    assert.deepEqual(plugin.leftovers(), []);
  });
}

test("ignores SIGINT and ends its calls on SIGTERM [PLUG-04] [PLUG-05]", limit, async (t) => {
  const methods = "put: (pair) => new Promise((resolve) => setTimeout(resolve, 200, pair))";
  const plugin = startPlugin(t, { methods });
  const client = await plugin.open(KV);
  plugin.child.kill("SIGINT");
  await client.get({});
  const call = client.put({ key: "k" });
  await client.get({});
  plugin.child.kill("SIGTERM");
  assert.equal((await call).key, "k");
  assert.deepEqual(await plugin.exited, { code: 0, signal: null });
  assert.deepEqual(plugin.leftovers(), []);
});

test("ends in good order on SIGHUP and SIGQUIT, and at once on a second signal [PLUG-19]", {
  ...limit,
  skip: process.platform === "win32" ? "needs signals" : false,
}, async (t) => {
  for (const signal of ["SIGHUP", "SIGQUIT"] as const) {
    const plugin = startPlugin(t);
    await (await plugin.open(KV)).get({});
    plugin.child.kill(signal);
    assert.deepEqual(await plugin.exited, { code: 0, signal: null });
    assert.deepEqual(plugin.leftovers(), []);
  }
  const busy = startPlugin(t, { methods: "put: () => new Promise(() => {})", options: "drainTimeoutMs: 25_000" });
  const client = await busy.open(KV);
  void client.put({}).catch(() => {});
  await client.get({});
  busy.child.kill("SIGTERM");
  await until(() => busy.records.some((record) => message(record).includes("got SIGTERM")));
  busy.child.kill("SIGTERM");
  assert.deepEqual(await busy.exited, { code: 143, signal: null });
  assert.deepEqual(busy.leftovers(), []);
});

test("ends with its lifeline, which standard input is only where the host says so [PLUG-06]", limit, async (t) => {
  const held = startPlugin(t, { env: { TENON_LIFELINE: "stdin" } });
  await (await held.open(KV)).get({});
  held.child.stdin?.end();
  assert.deepEqual(await held.exited, { code: 0, signal: null });
  assert.deepEqual(held.leftovers(), []);

  const free = startPlugin(t, { stdin: "ignore" });
  const client = await free.open(KV);
  await new Promise((resolve) => setTimeout(resolve, 100));
  await client.get({});
  assert.equal(free.child.exitCode, null);
});

/** A shell that starts the plugin and is then killed. */
test("ends when its parent is gone [PLUG-07]", limit, async (t: TestContext) => {
  const plugin = startPlugin(t, {
    wrapper: ["/bin/sh", "-c", '"$0" "$@" & wait'],
    options: "parentCheckMs: 20",
  });
  await (await plugin.open(KV)).get({});
  plugin.child.kill("SIGKILL");
  // The pipes close only when the plugin, which holds them too, has ended.
  await plugin.exited;
  assert.ok(plugin.records.some((record) => message(record).endsWith("the host's process is gone")));
  assert.deepEqual(plugin.leftovers(), []);
});

test("takes the handshake's variables out of its environment [ENV-13]", limit, async (t) => {
  const methods = "get: () => ({ key: Object.keys(process.env).filter((name) => /PLUGIN|TENON/.test(name)).join() })";
  const plugin = startPlugin(t, { methods, env: { TENON_LIFELINE: "stdin", PLUGIN_MULTIPLEX_GRPC: "0" } });
  assert.equal((await (await plugin.open(KV)).get({})).key, "");
});

test("fails where nobody takes its line, and leaves nothing behind [PLUG-14]", limit, async (t) => {
  const plugin = startPlugin(t);
  plugin.child.stdout?.destroy();
  assert.deepEqual(await plugin.exited, { code: 1, signal: null });
  assert.ok(plugin.records.some((record) => record["code"] === "handshake-write-failed"));
  assert.deepEqual(plugin.leftovers(), []);
});

test("survives a host that stops reading standard error [PLUG-24]", limit, async (t) => {
  const methods = 'get(pair) { console.log("x".repeat(1000)); process.stderr.write("y"); return pair; }';
  const plugin = startPlugin(t, { methods });
  const client = await plugin.open(KV);
  plugin.child.stderr?.destroy();
  for (let i = 0; i < 20; i++) await client.get({});
  plugin.child.kill("SIGTERM");
  assert.deepEqual(await plugin.exited, { code: 0, signal: null });
});

test("writes all of its log before it exits", limit, async (t) => {
  const plugin = startPlugin(t, {
    methods: 'get() { for (let i = 0; i < 2000; i++) console.log(i, "x".repeat(500)); process.exit(3); }',
  });
  await (await plugin.open(KV)).get({}).catch(() => {});
  assert.deepEqual(await plugin.exited, { code: 3, signal: null });
  assert.equal(plugin.records.filter((record) => message(record).endsWith("xxx")).length, 2000);
  assert.deepEqual(plugin.leftovers(), []);
});

test("ends in time although its clean-up does not", limit, async (t) => {
  const plugin = startPlugin(t, { options: "cleanUp: () => new Promise(() => {}), cleanUpTimeoutMs: 20" });
  await (await plugin.open(GRPCController)).shutdown({});
  assert.deepEqual(await plugin.exited, { code: 1, signal: null });
});
