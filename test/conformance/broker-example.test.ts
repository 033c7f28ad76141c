import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { isTenonError } from "@tenon/core";
import { createHost, type StartOptions } from "@tenon/host";
import { AddHelper } from "../gen/bidirectional/counter_pb.js";
import { addHelper, counter } from "../fixtures/counter.js";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";
import { goPrograms } from "./examples/go-programs.js";
import { brokerPeers } from "./peers/broker-go.js";
import { callBack, type CounterSession } from "./peers/counter-calls.js";

const sandbox = useSandbox();
const host = createHost();

/** A working directory: the example keeps its values there. */
function makeDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(sandbox.directory, "example-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** The example's plugin knows no value before the first is put, so the sum is the helper's. */
async function addTwice(session: CounterSession): Promise<void> {
  await callBack(session, "hello", 2n);
  await using helper = await session.broker.serve((server) => void server.add(AddHelper, addHelper()));
  const client = session.client("counter");
  await client.put({ addServer: helper.id, key: "hello", value: 8n });
  assert.equal((await client.get({ key: "hello" })).value, 50n);
}

// Built before the first test begins, which would find the compiler at work.
const versions = [
  ["1.8.0", await brokerPeers("broker"), await goPrograms("1.8.0")],
  ["1.4.10", await brokerPeers("broker-1.4.10"), await goPrograms("1.4.10")],
] as const;

/** What the example's host is told in its environment, where a line more makes it listen. */
const hostModes: readonly { readonly mode: string; readonly env: Record<string, string> }[] = [
  { mode: "plaintext", env: {} },
  { mode: "AutoMTLS", env: { AUTO_MTLS: "1" } },
  { mode: "multiplexed", env: { MULTIPLEX: "1" } },
  { mode: "multiplexed with AutoMTLS", env: { AUTO_MTLS: "1", MULTIPLEX: "1" } },
];

for (const [version, { exampleHost, examplePlugin, missing }, options] of versions) {
  describe(`go-plugin v${version}'s own example "bidirectional"`, { skip: missing ?? false }, () => {
    for (const { mode, env } of hostModes.filter(({ env }) => version === "1.8.0" || !("MULTIPLEX" in env))) {
      const isUnchanged = mode === "plaintext";
      const missing = options.missing ?? false;
      const changed = isUnchanged ? "as it is" : "with the options added";
      test(`its host, ${changed}, runs our plugin, which calls it back, ${mode} [BRK-20]`, {
        skip: missing,
      }, async (t) => {
        const directory = makeDirectory(t);
        const command = fixture("counter-plugin").join(" ");
        const note = 'echo "${PLUGIN_CLIENT_CERT:+tls} ${PLUGIN_MULTIPLEX_GRPC:+multiplex}" > asked';
        const run = (...args: string[]): string => {
          const program = isUnchanged ? exampleHost! : options.program("options-bidirectional");
          const { status, stdout, stderr } = spawnSync(program, args, {
            cwd: directory,
            encoding: "utf8",
            timeout: 30_000,
            env: { ...process.env, ...env, COUNTER_PLUGIN: `${note}; exec ${command}`, COUNTER_FILES: directory },
          });
          assert.equal(status, 0, `${args.join(" ")}: ${stdout}${stderr}`);
          return stdout.trim();
        };
        run("put", "hello", "1");
        run("put", "hello", "41");
        assert.equal(run("get", "hello"), "42");
        const asked = `${"AUTO_MTLS" in env ? "tls" : ""} ${"MULTIPLEX" in env ? "multiplex" : ""}\n`;
        assert.equal(readFileSync(join(directory, "asked"), "utf8"), asked);
        await sandbox.assertClean();
      });
    }

    for (const autoMtls of [false, true]) {
      test(`its plugin calls our host back, by sockets, ${autoMtls ? "AutoMTLS" : "plaintext"} [BRK-20]`, async (t) => {
        const launch = { process: [examplePlugin!], cwd: makeDirectory(t) } as const;
        const session = await host.start(counter, launch, { autoMtls });
        await addTwice(session);
        await session.stop();
        await sandbox.assertClean();
      });
    }

    for (const multiplex of [true, "prefer"] as const) {
      test(`its plugin, asked for a multiplexed broker: ${multiplex} [BRK-16]`, async (t) => {
        const launch = { process: [examplePlugin!], cwd: makeDirectory(t) } as const;
        const start = (options: StartOptions) => host.start(counter, launch, { multiplex, ...options });
        if (version === "1.4.10" && multiplex === true) {
          await assert.rejects(start({}), (error) => isTenonError(error, "multiplex-unsupported"));
        } else {
          for (const autoMtls of [false, true]) {
            const session = await start({ autoMtls });
            assert.equal(session.multiplexed, version === "1.8.0");
            await addTwice(session);
            await session.stop();
            rmSync(join(launch.cwd, "kv_hello"));
          }
        }
        await sandbox.assertClean();
      });
    }
  });
}
