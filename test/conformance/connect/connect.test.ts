import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { buildGo } from "@tenon/example-kv/go";
import { useSandbox } from "../../support/sandbox.js";

/** Seen from test/dist/conformance/connect. */
const module = fileURLToPath(new URL("../../../conformance/connect", import.meta.url));
const runner = "connectrpc.com/conformance/cmd/connectconformance";
/** How many cases the runner has for our features. Another version, or other features, changes these numbers. */
const cases = { client: 634, server: 566 };
const programs = {
  client: fileURLToPath(new URL("./client.js", import.meta.url)),
  server: fileURLToPath(new URL("./server.js", import.meta.url)),
};

const sandbox = useSandbox();
const { folder, missing } = await buildGo({ module, packages: [runner] });

/** Runs all cases against one of our programs, and returns what the runner prints. It prints every case that failed. */
async function runCases(mode: "client" | "server"): Promise<{ code: unknown; output: string }> {
  const lists = [
    "--conf",
    join(module, "features.yaml"),
    "--known-failing",
    `@${join(module, `known-failing-${mode}.txt`)}`,
  ];
  const args = ["--mode", mode, ...lists, "--", process.execPath, programs[mode]];
  return new Promise((resolve) => {
    const options = { timeout: 240_000, maxBuffer: 64 << 20 };
    execFile(join(folder!, "connectconformance"), args, options, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? error?.signal ?? 0, output: stdout + stderr }),
    );
  });
}

describe("connectconformance, gRPC on HTTP/2, in plaintext and over TLS", { skip: missing ?? false }, () => {
  for (const mode of ["client", "server"] as const) {
    test(`our ${mode} passes every case [WIRE-01] [WIRE-02] [WIRE-03] [WIRE-04] [WIRE-05] [WIRE-13]`, async () => {
      const { code, output } = await runCases(mode);
      assert.equal(code, 0, output);
      const [, total, passed] = /Total cases: (\d+)\s+(\d+) passed, 0 failed/.exec(output) ?? [];
      assert.ok(total !== undefined, output);
      // Cases that are known to fail are in the total alone.
      assert.equal(Number(total), cases[mode], `${passed} of ${total} cases passed`);
      assert.doesNotMatch(output, /could not be run/);
      await sandbox.assertClean();
    });
  }
});
