import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { test } from "node:test";
import { fixture } from "../../support/fixture.js";
import { pluginFolder, preamble } from "./plugin-folder.js";

/** A plugin that takes some memory, more than half a megabyte, which calls hold while they run. */
const body = `
const ballast = Array.from({ length: 20000 }, (_, index) => ({ index, of: NUMBER }));
const wait = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
const handlers = {
  async unary() {
    await wait();
    return text(ballast[7].of);
  },
  async *serverStream() {
    for (let i = 0; i < 5; i++) yield text(ballast[i].of);
  },
};
`;

const files: Readonly<Record<string, string>> = {
  "plugin.js": `${preamble}${body}export default make(handlers);\nawait runPlugin(undefined, import.meta);`,
};

for (const [name, content] of Object.entries(files)) {
  test(`500 reloads of ${name} with calls in flight lose no call and leave nothing behind [INL-19]`, async (t) => {
    const { file } = pluginFolder(t, { [name]: content });
    const [node, program] = fixture("inline-reloads");
    const { stdout } = await promisify(execFile)(node, ["--expose-gc", program!, file(name), "500"]);
    const { before, after, calls, failed, wrong } = JSON.parse(stdout) as Record<string, number>;
    t.diagnostic(`${calls} calls; heap ${before} bytes, then ${after}`);
    assert.deepEqual({ failed, wrong }, { failed: 0, wrong: 0 });
    assert.ok(calls! > 1000, `only ${calls} calls`);
    assert.ok(after! < before! * 1.1, `the heap grew from ${before} to ${after} bytes`);
  });
}
