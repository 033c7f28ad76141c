import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { KV } from "../kv.testing.js";
import { startPlugin } from "./process.testing.js";

const limit = { timeout: 30_000 };

test("removes the directory that a dead host made for it, and no other [PLUG-06] [LIFE-20]", limit, async (t) => {
  const base = mkdtempSync("/tmp/gone-");
  t.after(() => rmSync(base, { recursive: true }));
  for (const name of ["tenon-1-abc", "named"]) {
    const directory = join(base, name);
    mkdirSync(directory);
    const plugin = startPlugin(t, { env: { TENON_LIFELINE: "stdin", PLUGIN_UNIX_SOCKET_DIR: directory } });
    await (await plugin.open(KV)).get({});
    assert.equal(readdirSync(directory).length, 1);
    plugin.child.stdin?.end();
    await plugin.exited;
  }
  assert.deepEqual(readdirSync(base, { recursive: true }), ["named"]);
});

test("knows by its directory's name of a host that was gone before it looked [PLUG-06] [LIFE-20]", limit, async (t) => {
  const base = mkdtempSync("/tmp/gone-");
  t.after(() => rmSync(base, { recursive: true }));
  const dead = spawnSync(process.execPath, ["-e", "0"]).pid;
  for (const [pid, stays] of [
    [dead, false],
    [process.pid, true],
  ] as const) {
    for (const end of ["signal", "unread"] as const) {
      const directory = join(base, `tenon-${pid}-${end}`);
      mkdirSync(directory);
      const plugin = startPlugin(t, { env: { PLUGIN_UNIX_SOCKET_DIR: directory } });
      if (end === "unread") plugin.child.stdout?.destroy();
      else {
        await (await plugin.open(KV)).get({});
        plugin.child.kill("SIGTERM");
      }
      await plugin.exited;
      assert.equal(existsSync(directory), stays, directory);
    }
  }
});
