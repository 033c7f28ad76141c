import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { kv } from "@tenon/example-kv/contract";
import { createTokens, requireToken } from "@tenon/host/bind";
import { eventually } from "@tenon/testkit";
import { startBound } from "./bound-process.js";
import { goBound, pythonBound } from "./peers.js";
import { listen } from "./tenon-host.js";

/** Seen from test/dist/conformance/bind-sdk. */
const root = fileURLToPath(new URL("../../../..", import.meta.url));

const sdks = [
  { sdk: "go", sources: "sdk/go", file: "go/kv/main.go", peer: await goBound("kv") },
  { sdk: "python", sources: "sdk/python/tenon_bind", file: "python/kv_bound.py", peer: await pythonBound("kv") },
] as const;

/** Lines that are neither blank nor comment; a docstring counts as a comment. */
function countLines(source: string): number {
  const code = source.replaceAll(/^\s*"""[^]*?"""$/gm, "");
  return code.split("\n").filter((line) => !/^\s*(\/\/.*|#.*)?$/.test(line)).length;
}

for (const { sdk, sources, file, peer } of sdks) {
  void test(`sdk/${sdk} has less than 300 lines [SDK-07]`, () => {
    const files = readdirSync(join(root, sources)).filter((name) => /\.(go|py)$/.test(name));
    const lines = files.map((name) => countLines(readFileSync(join(root, sources, name), "utf8")));
    const total = lines.reduce((sum, count) => sum + count, 0);
    assert.ok(total > 200 && total < 300, `${total} lines`);
  });

  const skip = peer.missing ?? false;
  void test(`the whole plugin in the README of sdk/${sdk} dials in and answers [SDK-01]`, { skip }, async (t) => {
    const path = `test/conformance/bind-sdk/${file}`;
    const code = readFileSync(join(root, path), "utf8");
    assert.ok(readFileSync(join(root, "sdk", sdk, "README.md"), "utf8").includes(`<!-- from: ${path} -->\n\n`));
    assert.ok(countLines(code) < 25, "it is no longer short");
    const tokens = createTokens();
    const { listener } = await listen(t, { contracts: [kv], admit: requireToken(tokens) });
    const { token } = tokens.issue({ plugin: "kv" });
    const runnable = peer as Extract<typeof peer, { command: unknown }>;
    const { child, ended } = startBound(t, runnable, listener.address, { TOKEN: token });
    const session = await eventually(() => listener.session("kv"));
    const client = session.client("kv") as unknown as KvClient;
    const { value } = await client.get({ key: "answer" });
    assert.equal(Buffer.from(value).toString(), "the value of answer");
    child.kill();
    const [status, , stderr] = await ended;
    assert.equal(status, 0, stderr);
  });
}

interface KvClient {
  get(request: { key: string }): Promise<{ value: Uint8Array }>;
}
