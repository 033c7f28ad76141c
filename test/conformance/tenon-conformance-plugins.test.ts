import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { goExample } from "@tenon/example-kv/go";
import { checkPlugin } from "@tenon/testkit/conformance";
import { useSandbox } from "../support/sandbox.js";
import { kvPlugins } from "./peers/kv-plugins.js";
import { withPythonExample } from "./examples/python-example.js";
import { describeTroubles, idsOf } from "./peers/outcomes.js";
import { findGrpcPython } from "./peers/python.js";

const sandbox = useSandbox();
const cookie = { key: "BASIC_PLUGIN", value: "hello" };
const options = { cookie, versions: [1], timeoutMs: 15_000 };

/** Checks that cannot be looked at where a plugin has one version, listens on a unix socket and prints nothing. */
const usuallySkipped = ["version-single", "tcp-loopback", "port-range", "stdio-chunks", "stdio-carries"];

for (const { language, command, env, missing } of await kvPlugins()) {
  test(`the key-value plugin in ${language} conforms [CONF-01]`, { skip: missing ?? false }, async () => {
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const report = await checkPlugin(["env", ...variables, ...command], options);
    assert.deepEqual(idsOf(report, "failed"), [], describeTroubles(report));
    if (language === "TypeScript") {
      assert.deepEqual(idsOf(report, "warned"), [], describeTroubles(report));
      assert.deepEqual(idsOf(report, "skipped"), usuallySkipped);
    }
    await sandbox.assertClean();
  });
}

describe("go-plugin's own example plugins, unchanged", async () => {
  const { plugin, missing } = await goExample();
  test("the one in Go conforms but for what upstream is known for [CONF-01]", { skip: missing ?? false }, async () => {
    const report = await checkPlugin([plugin!], options);
    assert.deepEqual(idsOf(report, "failed"), [], describeTroubles(report));
    // It ends with 0 where it cannot listen, its broker lives once, and it stays when its host is gone.
    assert.deepEqual(idsOf(report, "warned"), ["no-directory-exit-code", "broker-again", "host-gone"]);
    const more = ["shutdown-answer", "sigterm-removes-socket", "lifeline"];
    assert.deepEqual(idsOf(report, "skipped"), [...usuallySkipped, ...more]);
    await sandbox.assertClean();
  });

  const { python, missing: noPython } = await findGrpcPython();
  const skip = missing ?? noPython ?? false;
  test("the one in Python conforms: it serves its contract, health and nothing else [CONF-01]", { skip }, async () => {
    const cwd = fileURLToPath(new URL("../../../examples/kv/go", import.meta.url));
    const { stdout } = await promisify(execFile)(
      "go",
      ["list", "-m", "-f", "{{.Dir}}", "github.com/hashicorp/go-plugin"],
      {
        cwd,
      },
    );
    const script = join(stdout.trim(), "examples", "grpc", "plugin-python", "plugin.py");
    // Its port is fixed, so it cannot run twice.
    const report = await withPythonExample(() => checkPlugin([python!, "-B", script], { ...options, maxParallel: 1 }));
    assert.deepEqual(idsOf(report, "failed"), [], describeTroubles(report));
    assert.deepEqual(idsOf(report, "warned"), [
      "cookie-missing",
      "cookie-wrong",
      "port-range",
      "ports-reversed",
      "tls-offered",
      "stdio-served",
      "broker-served",
      "mux-answered",
      "shutdown-served",
      "sigint-ignored",
      "host-gone",
    ]);
    await sandbox.assertClean();
  });
});
