import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Code, ConnectError } from "@connectrpc/connect";
import { isTenonError } from "@tenon/core";
import { kv } from "@tenon/example-kv/contract";
import { goExample } from "@tenon/example-kv/go";
import { createHost, type LogRecord } from "@tenon/host";
import { eventually } from "@tenon/testkit";
import { useSandbox } from "../support/sandbox.js";
import { kvPlugins } from "./peers/kv-plugins.js";
import { runAlone } from "./peers/run-alone.js";

const sandbox = useSandbox();
const host = createHost();
const goHost = await goExample();

/** Runs go-plugin's example host where a plugin may leave files, and rejects unless it ends with exit code 0. */
function runGoHost([file, ...args]: readonly [string, ...string[]], env: Record<string, string>) {
  return promisify(execFile)(file, args, { cwd: sandbox.directory, env: { ...process.env, ...env }, timeout: 20_000 });
}

/** A folder that goes with the test. */
function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(sandbox.directory, "kv-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

for (const { language, command, env, missing, isTidy } of await kvPlugins()) {
  describe(`the key-value plugin in ${language}`, { skip: missing ?? false }, () => {
    const launch = (t: TestContext) => ({ process: command, env, cwd: makeFolder(t) });

    for (const tls of [false, true]) {
      test(`puts, gets, fails, logs and stops, ${tls ? "with AutoMTLS" : "in plaintext"} [LANG-01]`, async (t) => {
        const records: LogRecord[] = [];
        const session = await host.start(kv, launch(t), {
          autoMtls: tls,
          defaultLevel: "warn", // So that a level of info can only be the plugin's word.
          log: (record) => void records.push(record),
        });
        const store = session.client("kv");
        assert.equal(session.tls, tls);
        assert.ok((await session.ping()) >= 0);

        for (const size of [0, 5, 1 << 20]) {
          const value = Buffer.alloc(size, 7);
          await store.put({ key: "hello", value });
          assert.ok(value.equals((await store.get({ key: "hello" })).value), `${size} bytes`);
        }
        await assert.rejects(store.get({ key: "nothing" }), (error) => {
          assert.ok(error instanceof ConnectError);
          assert.deepEqual([error.code, error.rawMessage], [Code.NotFound, "no value for nothing"]);
          return true;
        });
        if (language !== "TypeScript") {
          const record = await eventually(() => records.find(({ message }) => message.includes("put hello")));
          assert.deepEqual([record.level, record.source], ["info", "stderr"]);
        }

        const { how, exitCode } = await session.stop();
        assert.deepEqual([how, exitCode], ["shutdown", 0]);
      });
    }

    test("is refused where it hears nothing of the TLS that the host wants [TLS-07] [LANG-01]", async (t) => {
      const deaf = { ...launch(t), process: ["env", "-u", "PLUGIN_CLIENT_CERT", ...command] } as const;
      await assert.rejects(host.start(kv, deaf), (error) => isTenonError(error, "tls-missing"));
    });

    test("is missed when it is killed [LIFE-15] [LANG-01]", async (t) => {
      const session = await host.start(kv, launch(t));
      process.kill(session.pid, "SIGKILL");
      const { how, signal } = await session.closed;
      assert.deepEqual([how, signal], ["crashed", "SIGKILL"]);
      await assert.rejects(session.client("kv").get({ key: "hello" }), { code: Code.Unavailable });
    });

    test("tells whoever runs it by hand what it is [LANG-02]", async () => {
      const { line, ended, stderr } = runAlone(command, env);
      assert.deepEqual(await ended, [1, null]);
      assert.equal(await line, undefined);
      assert.match(stderr(), /plugin/);
    });

    for (const end of ["its lifeline", "SIGTERM"]) {
      test(`prints one line of a handshake and ends with ${end} [LANG-02]`, async (t) => {
        const folder = makeFolder(t);
        const variables = { BASIC_PLUGIN: "hello", PLUGIN_PROTOCOL_VERSIONS: "1", PLUGIN_UNIX_SOCKET_DIR: folder };
        const lifeline: Record<string, string> = end === "its lifeline" ? { TENON_LIFELINE: "stdin" } : {};
        const plugin = runAlone(command, { ...env, ...variables, ...lifeline });
        const line = await plugin.line;
        assert.equal(line?.replace(/(unix)\|[^|]*\|/, "$1|PATH|"), "1|1|unix|PATH|grpc|");
        plugin.process.stdin!.end();
        if (end === "SIGTERM") {
          await sleep(100); // Without the promise of a lifeline the end of standard input means nothing.
          assert.equal(plugin.process.exitCode, null, plugin.stderr());
          plugin.process.kill();
        }
        const [code, signal] = await plugin.ended;
        assert.ok(code === 0 || signal === "SIGTERM", `${code} ${signal} ${plugin.stderr()}`);
        if (isTidy) assert.deepEqual(readdirSync(folder), []);
      });
    }

    test("is started, called and stopped by go-plugin's own example host [LANG-01]", {
      skip: goHost.missing,
    }, async () => {
      const words = command.map((word) => `'${word}'`).join(" ");
      const variables = { ...env, KV_PROTO: "grpc", KV_PLUGIN: `exec ${words}` };
      const { stdout, stderr } = await runGoHost([goHost.host!, "put", "hello", "from Go"], variables);
      assert.equal(stdout, "");
      assert.doesNotMatch(stderr, /failed to exit gracefully/);
    });

    test("leaves nothing behind [LIFE-18] [LANG-01]", () => sandbox.assertClean());
  });
}
