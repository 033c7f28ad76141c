import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { isTenonError } from "@tenon/core";
import { kv } from "@tenon/example-kv/contract";
import { createHost, type ProcessLaunch } from "@tenon/host";
import { negotiatedOnce } from "../fixtures/negotiated.js";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";
import { type GoPluginVersion, goPrograms } from "./examples/go-programs.js";
import { withPythonExample } from "./examples/python-example.js";
import { type Example, examples, type Printed, putAndGet } from "./examples/table.js";
import { findGrpcPython } from "./peers/python.js";

const sandbox = useSandbox();
const host = createHost();

/** How host and plugin may be told to talk. */
const modes = [
  { mode: "plaintext", autoMtls: false, multiplex: false },
  { mode: "AutoMTLS", autoMtls: true, multiplex: false },
  { mode: "multiplexed", autoMtls: false, multiplex: true },
  { mode: "multiplexed with AutoMTLS", autoMtls: true, multiplex: true },
] as const;

function makeDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(sandbox.directory, "example-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** Puts our plugin where the example's host looks for one. The script notes what the host has asked for. */
function install({ launcher, ours }: Pick<Example, "launcher" | "ours">, directory: string): void {
  const path = join(directory, launcher);
  mkdirSync(dirname(path), { recursive: true });
  const note = 'echo "${PLUGIN_CLIENT_CERT:+tls} ${PLUGIN_MULTIPLEX_GRPC:+multiplex}" > asked';
  writeFileSync(path, `#!/bin/sh\n${note}\nexec ${ours.map((word) => `'${word}'`).join(" ")}\n`, { mode: 0o755 });
}

/** Runs a host of go-plugin to its end. Rejects unless that is 0. */
async function runHost(directory: string, program: string, args: string[], env: Record<string, string>) {
  const settings = { cwd: directory, env: { ...process.env, ...env }, timeout: 20_000 };
  const printed: Printed = await promisify(execFile)(program, args, settings);
  assert.doesNotMatch(printed.stderr, /failed to exit gracefully/);
  return printed;
}

const environmentOf = ({ autoMtls, multiplex }: (typeof modes)[number]): Record<string, string> => ({
  ...(autoMtls && { AUTO_MTLS: "1" }),
  ...(multiplex && { MULTIPLEX: "1" }),
});

// Built before the first test begins, which would find the compiler at work.
const versions: readonly GoPluginVersion[] = ["1.8.0", "1.4.10"];
const built = new Map<GoPluginVersion, Awaited<ReturnType<typeof goPrograms>>>();
for (const version of versions) built.set(version, await goPrograms(version));

const { python, missing: noPython } = await findGrpcPython();

for (const [version, { program, pythonPlugin, missing }] of built) {
  const canMultiplex = version !== "1.4.10";

  for (const example of examples.filter((each) => each.versions.includes(version))) {
    describe(`go-plugin v${version}, example ${example.name}`, { skip: missing ?? false }, () => {
      for (const mode of modes.filter(({ multiplex }) => canMultiplex || !multiplex)) {
        const isUnchanged = example.host !== example.hostWithOptions && mode.mode === "plaintext";
        const changed = isUnchanged ? "unchanged" : "with the options added";
        test(`its host, ${changed}, runs our plugin, ${mode.mode} [EXM-01]`, async (t) => {
          const directory = makeDirectory(t);
          install(example, directory);
          const file = program(isUnchanged ? example.host : example.hostWithOptions);
          const proto = example.host.startsWith("version2") ? "netrpc" : "grpc"; // The name of the case in its source.
          const env = { KV_PROTO: proto, KV_PLUGIN: "exec ./kv-plugin", ...environmentOf(mode) };
          await example.useHost((...args) => runHost(directory, file, args, env), directory);
          const asked = `${mode.autoMtls ? "tls" : ""} ${mode.multiplex ? "multiplex" : ""}\n`;
          assert.equal(readFileSync(join(directory, "asked"), "utf8"), asked);
          await sandbox.assertClean();
        });
      }

      for (const { mode, autoMtls, multiplex } of modes) {
        const outcome = multiplex && !canMultiplex ? "is refused, or preferred and done without" : "works";
        test(`its plugin under our host, ${mode}, ${outcome} [EXM-02]`, async (t) => {
          const launch = { process: [program(example.plugin)], cwd: makeDirectory(t) } as const;
          if (multiplex && !canMultiplex) {
            const starting = example.usePlugin(host, launch, { autoMtls, multiplex });
            await assert.rejects(starting, (error) => isTenonError(error, "multiplex-unsupported"));
          }
          // Where the plugin cannot, a host that only prefers it does without.
          const options = { autoMtls, multiplex: multiplex && !canMultiplex ? "prefer" : multiplex } as const;
          const session = await example.usePlugin(host, launch, options);
          assert.deepEqual([session.tls, session.multiplexed], [autoMtls, multiplex && canMultiplex]);
          assert.ok((await session.ping()) >= 0);
          const { how, exitCode } = await session.stop();
          assert.deepEqual([how, exitCode], ["shutdown", 0]);
          await sandbox.assertClean();
        });
      }
    });
  }

  describe(`go-plugin v${version}, net/rpc`, { skip: missing ?? false }, () => {
    for (const [name, contract] of [
      ["grpc-plugin-go-netrpc", kv],
      ["negotiated-plugin-go", negotiatedOnce],
    ] as const) {
      test(`the plugin ${name} is refused by our host [EXM-03]`, async (t) => {
        const launch = { process: [program(name)], cwd: makeDirectory(t) } as const;
        const starting = host.start<(typeof contract)["versions"]>(contract, launch, { autoMtls: false });
        await assert.rejects(starting, (error) => isTenonError(error, "transport-unsupported"));
        await sandbox.assertClean();
      });
    }

    test("the host of negotiated refuses our version 2, and our plugin ends with it [EXM-03]", async (t) => {
      const directory = makeDirectory(t);
      install({ launcher: "kv-plugin", ours: fixture("negotiated-plugin") }, directory);
      const running = runHost(directory, program("negotiated"), ["get", "hello"], { KV_PROTO: "netrpc" });
      await assert.rejects(running, (error: Error & Printed) => {
        assert.match(error.stdout, /^Error: .*gRPC/);
        return true;
      });
      await sandbox.assertClean();
    });
  });

  describe(`go-plugin v${version}, example grpc in Python`, { skip: missing ?? noPython ?? false }, () => {
    const launch = (t: TestContext): ProcessLaunch => ({
      process: [python!, "-B", join(pythonPlugin, "plugin.py")],
      cwd: makeDirectory(t),
      // What is generated in the older one is too old for today's protobuf package unless that does without its C.
      env: version === "1.4.10" ? { PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION: "python" } : {},
    });

    for (const multiplex of [false, "prefer"] as const) {
      test(`under our host, plaintext, multiplex: ${multiplex} [EXM-04]`, (t) =>
        withPythonExample(async () => {
          const session = await host.start(kv, launch(t), { autoMtls: false, multiplex });
          assert.deepEqual([session.tls, session.multiplexed], [false, false]);
          // The older one keeps the bytes as Python writes them.
          assert.match(await putAndGet(session.client("kv")), /^(b')?from Tenon'?\s+Written from plugin-python$/);
          assert.ok((await session.ping()) >= 0);
          const { how, signal } = await session.stop();
          assert.deepEqual([how, signal], ["terminated", "SIGTERM"]); // It cannot be asked to end.
          await sandbox.assertClean();
        }));
    }

    for (const { title, options, code } of [
      { title: "AutoMTLS", options: {}, code: "tls-missing" },
      { title: "multiplexed", options: { autoMtls: false, multiplex: true }, code: "multiplex-unsupported" },
    ] as const) {
      test(`under our host, ${title}, is refused with ${code} [EXM-04]`, (t) =>
        withPythonExample(async () => {
          await assert.rejects(host.start(kv, launch(t), options), (error) => isTenonError(error, code));
          await sandbox.assertClean();
        }));
    }
  });
}
