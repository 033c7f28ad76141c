import assert from "node:assert/strict";
import { once } from "node:events";
import type { ChildProcess } from "node:child_process";
import { readdirSync, readlinkSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { GRPCController, GRPCStdio } from "@tenon/core";
import { eventually } from "@tenon/testkit";
import { type Channel, createChannel, joinStreams } from "@tenon/wire";
import { createMux } from "@tenon/wire/broker-mux";
import { KV } from "../kv.testing.js";
import { type PluginProcess, type PluginProcessOptions, startPlugin } from "./process.testing.js";

const limit = { timeout: 30_000 };
const guard = `import ${JSON.stringify(new URL("../guard.js", import.meta.url).href)};`;
const asked = { TENON_TRANSPORT: "stdio" };

/** The line on a child's standard output; what is behind it stays in the stream. */
async function readLine({ stdout }: ChildProcess): Promise<string> {
  const seen: Buffer[] = [];
  for (;;) {
    const chunk = stdout!.read() as Buffer | null;
    if (chunk === null) {
      assert.ok(!stdout!.readableEnded, `no line, only ${JSON.stringify(Buffer.concat(seen).toString())}`);
      await Promise.race([once(stdout!, "readable"), once(stdout!, "end")]);
      continue;
    }
    seen.push(chunk);
    const all = Buffer.concat(seen);
    const end = all.indexOf("\n");
    if (end === -1) continue;
    if (end + 1 < all.length) stdout!.unshift(all.subarray(end + 1));
    return all.toString("utf8", 0, end);
  }
}

interface Started {
  readonly plugin: PluginProcess;
  readonly line: string;
  readonly channel: Channel;
}

async function start(t: TestContext, { multiplex = true, ...options }: PluginProcessOptions & { multiplex?: boolean }) {
  const env = { ...asked, ...(multiplex && { PLUGIN_MULTIPLEX_GRPC: "true" }), ...options.env };
  const plugin = startPlugin(t, { ...options, env, raw: true });
  const line = await readLine(plugin.child);
  const stream = joinStreams(plugin.child.stdout!, plugin.child.stdin!);
  const mux = multiplex ? createMux(stream, "client") : undefined;
  const channel = createChannel(mux === undefined ? stream : await mux.session.open());
  t.after(() => {
    channel.destroy();
    mux?.session.destroy();
  });
  return { plugin, line, channel } satisfies Started;
}

/** What the descriptors of a process are. */
function descriptors(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [`${fd} ${readlinkSync(`/proc/${pid}/fd/${fd}`)}`];
    } catch {
      return [];
    }
  });
}

for (const multiplex of [true, false]) {
  const form = multiplex ? "multiplexed" : "plain";

  test(`prints the line and serves behind it, ${form} [STD-02] [STD-10] [STD-12]`, limit, async (t) => {
    const { plugin, line, channel } = await start(t, { multiplex });
    assert.equal(line, multiplex ? "1|1|stdio|-|grpc||true" : "1|1|stdio|-|grpc|");
    const client = createClient(KV, channel.transport);
    const keys = Array.from({ length: 100 }, (_, i) => `k${i}`);
    assert.deepEqual(await Promise.all(keys.map(async (key) => (await client.get({ key })).key)), keys);
    await createClient(GRPCController, channel.transport).shutdown({});
    assert.deepEqual(await plugin.exited, { code: 0, signal: null });
    assert.deepEqual(plugin.leftovers(), []);
  });

  test(`keeps what anybody prints off the channel, ${form} [STD-06]`, limit, async (t) => {
    const prints = `
      process.stdout.write("printed by write\\n"); console.log("printed by console");
      process.stdout.end("printed by end\\n"); process.stdout.destroy();`;
    const methods = `get(pair) { ${prints} return pair; }`;
    const { plugin, channel } = await start(t, { multiplex, first: guard, before: prints, methods });
    const client = createClient(KV, channel.transport);
    for (let round = 0; round < 3; round++) assert.equal((await client.get({ key: "k" })).key, "k");
    for await (const { data } of createClient(GRPCStdio, channel.transport).streamStdio({})) {
      assert.match(Buffer.from(data).toString(), /^printed by write\nprinted by end\n/);
      break;
    }
    const logged = plugin.records.filter((record) => record["@message"] === "printed by console");
    assert.ok(logged.length > 0);
  });

  test(`takes large messages in both directions at once, ${form} [STD-15]`, limit, async (t) => {
    const { channel } = await start(t, { multiplex });
    const client = createClient(KV, channel.transport);
    const value = new Uint8Array(8 * 1024 * 1024).map((_, i) => i * 7);
    const answers = await Promise.all([1, 2, 3, 4].map((i) => client.put({ key: String(i), value })));
    for (const answer of answers) assert.ok(Buffer.from(value).equals(answer.value));
  });
}

test("a host that does not read makes the plugin wait, and costs it no memory [STD-15]", limit, async (t) => {
  const methods = `async *watch({ key }) {
    const value = new Uint8Array(65536);
    for (globalThis.sent = 0; globalThis.sent < 4000; globalThis.sent++) yield { key, value };
  },
  get: () => ({ key: String(globalThis.sent) })`;
  const { channel } = await start(t, { methods });
  const client = createClient(KV, channel.transport);
  const messages = client.watch({ key: "w" })[Symbol.asyncIterator]();
  await messages.next();
  const sent = async () => Number((await client.get({})).key);
  let before = -1;
  // Until it has come to a stop; a window of wire is some hundred messages at most.
  await eventually(async () => {
    const now = await sent();
    const stands = now === before;
    before = now;
    return stands;
  });
  assert.ok(before < 2000, `${before} messages were sent ahead`);
  let count = 1;
  while (!(await messages.next()).done) count++;
  assert.equal(count, 4000);
});

test("opens no socket of its own, and leaves nothing [STD-08]", {
  ...limit,
  skip: process.platform !== "linux",
}, async (t) => {
  const { plugin, channel } = await start(t, {});
  await createClient(KV, channel.transport).get({ key: "k" });
  const sockets = descriptors(plugin.child.pid!).filter((each) => each.includes("socket:"));
  assert.deepEqual(new Set(sockets.map((each) => each.split(" ")[0])), new Set(["0", "1", "2"]));
  assert.deepEqual(plugin.leftovers(), []);
});

test("works over pipes, where output ends with the process [STD-10] [STD-12]", {
  ...limit,
  skip: process.platform === "win32",
}, async (t) => {
  // The shell's pipes are no sockets, unlike Node's.
  const wrapper = ["sh", "-c", 'cat | "$0" "$@" | cat'];
  const { plugin, channel } = await start(t, { wrapper });
  assert.equal((await createClient(KV, channel.transport).get({ key: "k" })).key, "k");
  await createClient(GRPCController, channel.transport).shutdown({});
  plugin.child.stdin!.end();
  assert.equal((await plugin.exited).code, 0);
});

test(
  "ends with its host's end of standard input, aborting calls, whatever the parent is [STD-11]",
  limit,
  async (t) => {
    const methods = `put: (pair, { signal }) => new Promise((_, reject) => {
    console.info("called");
    signal.addEventListener("abort", () => { console.info("aborted"); reject(signal.reason); });
  })`;
    const { plugin, channel } = await start(t, { methods, options: "parentCheckMs: 0" });
    const failed = assert.rejects(
      createClient(KV, channel.transport).put({ key: "k" }),
      (error) => ConnectError.from(error).code === Code.Unavailable,
    );
    const said = (what: string) => plugin.records.some((record) => record["@message"] === what);
    await eventually(() => said("called"));
    plugin.child.stdin!.end();
    assert.deepEqual(await plugin.exited, { code: 0, signal: null });
    assert.ok(said("aborted"));
    await failed;
  },
);

test("a host that is gone is no error of the plugin, even while it writes [STD-11]", limit, async (t) => {
  const methods = `async *watch({ key }) { const value = new Uint8Array(65536); for (;;) yield { key, value }; }`;
  const { plugin, channel } = await start(t, { methods });
  const reading = (async () => {
    for await (const _ of createClient(KV, channel.transport).watch({ key: "w" })) {
      plugin.child.stdout!.destroy();
      plugin.child.stdin!.destroy();
    }
  })();
  await assert.rejects(reading);
  assert.deepEqual(await plugin.exited, { code: 0, signal: null });
  assert.deepEqual(
    plugin.records.filter((record) => record["@level"] === "error"),
    [],
  );
});

test("its code finds standard input empty, also what took hold of it before [STD-06]", limit, async (t) => {
  const before = `const early = process.stdin;
    let seen = "";
    early.on("data", (chunk) => (seen += chunk.length > 0 ? "x" : ""));`;
  const methods = `async get({ key }) {
    const chunks = [];
    for await (const chunk of process.stdin) chunks.push(chunk);
    return { key: key + chunks.length };
  }`;
  const { channel } = await start(t, { before, methods });
  const client = createClient(KV, channel.transport);
  for (let round = 0; round < 3; round++) assert.equal((await client.get({ key: "k" })).key, "k0");
});

test("says so where nobody can be behind its standard streams [STD-16]", limit, async (t) => {
  for (const [options, code] of [
    [{ env: asked, stdin: "ignore" }, "environment-invalid"],
    [{ env: { TENON_TRANSPORT: "pigeon" } }, "environment-invalid"],
  ] as const) {
    const plugin = startPlugin(t, options);
    assert.deepEqual(await plugin.exited, { code: 1, signal: null });
    assert.equal(plugin.stdout, "");
    const [record] = plugin.records.filter((each) => each["@level"] === "error");
    assert.equal(record?.["code"], code);
    assert.match(String(record["@message"]), /TENON_TRANSPORT/);
  }
});
