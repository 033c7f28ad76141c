import assert from "node:assert/strict";
import { test } from "node:test";
import { Code } from "@connectrpc/connect";
import { createHost, type InlineLaunch, type Session } from "@tenon/host";
import { eventually } from "@tenon/testkit";
import { echo } from "../../fixtures/contracts.js";
import { pluginFolder, preamble, textOf } from "./plugin-folder.js";

/** A plugin that tells its version, and holds calls until it is told to let go, from whatever code. */
const version = (number: number) => `${preamble}
import { other } from "./other.js";
const held = (globalThis.inlineHeld ??= []);
const log = (globalThis.inlineLog ??= []);
export default make({
  unary: () => text(${number} + other),
  async clientStream() {
    await new Promise((resolve) => held.push(resolve));
    return text(${number} + other);
  },
  async *serverStream() {
    for (;;) yield text(${number} + other);
  },
});
await runPlugin({ contract }, import.meta);
export const dispose = () => log.push(${number});`;

const known = globalThis as { inlineHeld?: (() => void)[]; inlineLog?: number[] };

async function open(t: Parameters<typeof pluginFolder>[0], files: Record<string, string>, name = "plugin.js") {
  const folder = pluginFolder(t, files);
  const host = createHost();
  t.after(() => host.stop());
  const launch: InlineLaunch = { inline: folder.file(name), reload: true };
  const session = await host.start(echo, launch);
  return { ...folder, host, session, client: session.client("echo"), launch };
}

const ask = async (session: Session<(typeof echo)["versions"]>) => textOf(await session.client("echo").unary({}));

test("new calls run on the new code, and those that began on the old code end on it [INL-16]", async (t) => {
  known.inlineHeld = [];
  known.inlineLog = [];
  const { session, client, write } = await open(t, {
    "plugin.js": version(1),
    "other.js": "export const other = '-a';",
  });
  assert.equal(await ask(session), "1-a");
  const held = client.clientStream((async function* () {})());
  const stream = client.serverStream({})[Symbol.asyncIterator]();
  assert.equal(textOf((await stream.next()).value), "1-a");

  write("plugin.js", version(2));
  write("other.js", "export const other = '-b';");
  await session.reload();
  assert.equal(await ask(session), "2-b");
  assert.equal(textOf((await stream.next()).value), "1-a");
  assert.deepEqual(known.inlineLog, []);

  known.inlineHeld[0]!();
  assert.equal(textOf(await held), "1-a");
  assert.deepEqual(known.inlineLog, []);
  await stream.return!();
  await eventually(() => known.inlineLog?.length === 1);
  assert.deepEqual(known.inlineLog, [1]);

  await session.stop();
  assert.deepEqual(known.inlineLog, [1, 2]);
});

test("a reload that fails leaves the old code running [INL-17]", async (t) => {
  known.inlineLog = [];
  const { session, write } = await open(t, { "plugin.js": version(1), "other.js": "export const other = '';" });
  const faults: readonly [content: string, code: string][] = [
    ["this is no JavaScript", "launcher-failed"],
    ["throw new Error('not today');", "launcher-failed"],
    ["export const nothing = 1;", "plugin-invalid"],
    ["import 'no-such-library';", "launcher-failed"],
    [version(1).replace('"tenon-test"', '"another"'), "cookie-mismatch"],
    [version(1).replace("versions: { 1:", "versions: { 2:"), "version-mismatch"],
  ];
  for (const [content, code] of faults) {
    write("plugin.js", content);
    await assert.rejects(session.reload(), { code }, content);
    assert.equal(await ask(session), "1");
  }
  // Those two had begun to run.
  assert.deepEqual(known.inlineLog, [1, 1]);
  write("plugin.js", version(2));
  await session.reload();
  assert.equal(await ask(session), "2");
});

test("a reload that is given up leaves the old code running, and reloads take their turn [INL-17]", async (t) => {
  known.inlineLog = [];
  const { session, write } = await open(t, { "plugin.js": version(1), "other.js": "export const other = '';" });
  write("plugin.js", `await new Promise((resolve) => (globalThis.inlineGo = resolve));${version(2)}`);
  const given = new AbortController();
  const first = session.reload({ signal: given.signal });
  await eventually(() => "inlineGo" in globalThis);
  given.abort();
  await assert.rejects(first, { name: "AbortError" });
  assert.equal(await ask(session), "1");
  (globalThis as { inlineGo?: () => void }).inlineGo!();
  await eventually(() => known.inlineLog?.includes(2) === true);

  write("plugin.js", version(3));
  await Promise.all([session.reload(), session.reload(), session.reload()]);
  assert.equal(await ask(session), "3");
  await eventually(() => known.inlineLog?.length === 4);
  await session.stop();
  assert.deepEqual(known.inlineLog, [2, 1, 3, 3, 3]);
  await assert.rejects(session.reload(), { code: "session-closed" });
});

test("one bundled CommonJS file is reloaded without esbuild [INL-18]", async (t) => {
  // A bundle has the service in itself; here it takes that of the test.
  Object.assign(globalThis, { inlineEcho: echo.versions[1].echo });
  const beginning = preamble
    .replace(/import (.*) from "(\/.*)";/, "const $1 = { Echo: globalThis.inlineEcho };")
    .replace(/import (.*) from (.*);/g, "const $1 = require($2);");
  const bundle = (number: number) => `#!/usr/bin/env node
"use strict";
const { createHash } = require("node:crypto");${beginning}
module.exports = make({ unary: () => text(${number} + typeof createHash) });`;
  const { session, write } = await open(t, { "plugin.cjs": bundle(1) }, "plugin.cjs");
  assert.equal(await ask(session), "1function");
  write("plugin.cjs", bundle(2));
  await session.reload();
  assert.equal(await ask(session), "2function");
});

test("each instance has its code for itself [INL-16]", async (t) => {
  const counting = `${preamble} let count = 0; export default make({ unary: () => text(++count) });`;
  const { host, session, launch } = await open(t, { "plugin.js": counting });
  const other = await host.start(echo, launch);
  assert.deepEqual([await ask(session), await ask(session), await ask(other)], ["1", "2", "1"]);
});

test("a file knows where it lies, in the bundle too, and TypeScript is bundled [INL-18]", async (t) => {
  const { session, file } = await open(
    t,
    {
      "plugin.ts": `#!/usr/bin/env node
${preamble}
import { where } from "./lib/where.ts";
import data from "./lib/data.json" with { type: "json" };
const lazy: Promise<{ sep: string }> = import("node:path");
export default make({ unary: async (): Promise<object> =>
  text([import.meta.url, where, data.answer, (await lazy).sep, import.meta.dirname].join(" ")) });`,
      "lib/where.ts": "export const where: string = import.meta.url;",
      "lib/data.json": `{ "answer": 42 }`,
    },
    "plugin.ts",
  );
  const [own, lib, answer, sep, folder] = (await ask(session)).split(" ");
  assert.ok(own!.endsWith("/plugin.ts"));
  assert.ok(lib!.endsWith("/lib/where.ts"));
  assert.deepEqual([answer, sep, `${folder}/plugin.ts`], ["42", "/", file("plugin.ts")]);
});

test("the packages of host and plugin are the same, so what one makes the other knows [INL-18]", async (t) => {
  const { client } = await open(t, {
    "plugin.js": `${preamble}
import { Code, ConnectError } from "@connectrpc/connect";
import * as protobuf from "@bufbuild/protobuf";
globalThis.inlineShared = [ConnectError, protobuf.create];
export default make({ unary: () => { throw new ConnectError("no", Code.DataLoss); } });`,
  });
  await assert.rejects(client.unary({}), { code: Code.DataLoss });
  const { ConnectError } = await import("@connectrpc/connect");
  const { create } = await import("@bufbuild/protobuf");
  assert.deepEqual((globalThis as { inlineShared?: unknown[] }).inlineShared, [ConnectError, create]);
});
