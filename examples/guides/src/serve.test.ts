import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { servePlugin } from "@tenon/plugin";
import plugin from "./plugin.js";

test("what the plugin answers to a host's environment", async () => {
  const environment = { PLUGIN_PROTOCOL_VERSIONS: "1,2,3", TMPDIR: tmpdir() };
  const serving = await servePlugin(plugin, { environment });
  assert.equal(serving.version, 2);
  assert.equal(serving.line, `1|2|unix|${serving.address}|grpc|`);
  await serving.close();
  assert.equal(existsSync(serving.address), false);
});
