import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { assertNoLeaks, snapshotResources } from "@tenon/testkit";
import { goExample } from "./go/index.js";

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));

interface Outcome {
  readonly exitCode: number | null;
  readonly killedBy: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Called with the pid, which is that of the program's process group too, while the program runs. */
  readonly meanwhile?: (pid: number) => Promise<void>;
}

/** A private place for one test. Whatever a program leaves there or running fails the test. */
function makePlace(t: TestContext) {
  const folder = mkdtempSync("/tmp/kv-");
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const mark = { KV_STORY: folder };
  const before = snapshotResources({ environmentMark: `KV_STORY=${folder}`, temporaryDirectories: [folder] });
  const ignoredKinds = ["active resource", "open descriptor"];

  async function run([command, ...args]: [string, ...string[]], options: RunOptions = {}): Promise<Outcome> {
    const env = { ...process.env, ...mark, TMPDIR: folder, ...options.env };
    const child = spawn(command, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    const closed = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
    const [stdout, stderr, [exitCode, killedBy]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      closed,
      options.meanwhile?.(child.pid!),
    ]);
    await assertNoLeaks(before, { graceMs: 5000, ignoredKinds });
    return { exitCode, killedBy, stdout, stderr };
  }
  return { folder, run };
}

test("npm start stores every file through every plugin and ends by itself [HOST-03]", async (t) => {
  const { missing } = await goExample();
  const { run } = makePlace(t);
  const { exitCode, stdout, stderr } = await run([process.execPath, script("main.js")]);
  assert.deepEqual([exitCode, stderr], [0, ""]);
  const rows = stdout.split("\n").filter((line) => /^plugin[.-]/.test(line));
  assert.deepEqual(
    rows.map((row) => {
      const [plugin, language, launcher, protocol, tls, calls, errors] = row.split(/ {2,}/);
      assert.ok(Number(calls) > 0, row);
      return [plugin, language, launcher, protocol, tls, errors];
    }),
    [
      ["plugin.ts", "TypeScript", "inline", "1", "no", "0"],
      ["plugin.ts", "TypeScript", "worker", "1", "no", "0"],
      ["plugin.ts", "TypeScript", "process", "1", "no", "0"],
      ["plugin.ts", "TypeScript", "process", "1", "AutoMTLS", "0"],
      ["plugin.ts", "TypeScript", "stdio", "1", "no", "0"],
      ...(missing === undefined
        ? [
            ["plugin-go-grpc", "Go", "process", "1", "no", "0"],
            ["plugin-go-grpc", "Go", "process", "1", "AutoMTLS", "0"],
          ]
        : []),
    ],
  );
  assert.match(stdout, /Every file came back with the same SHA-256/);
  if (missing !== undefined) {
    assert.match(stdout, new RegExp(`Go plugin: ${missing}`));
    t.diagnostic(missing);
  }
});

test("npm start tells why a plugin does not start, and ends with exit code 1", async (t) => {
  const { folder, run } = makePlace(t);
  const long = join(folder, "too-long-for-a-unix-socket".repeat(5));
  mkdirSync(long);
  const { exitCode, stderr } = await run([process.execPath, script("main.js")], { env: { TMPDIR: long } });
  assert.equal(exitCode, 1);
  assert.match(stderr, /did not start: .*stderrTail: .*socket-path-too-long.*probableCause: /s);
  assert.deepEqual(readdirSync(long), []);
});

test("the ten-line host puts and gets", async (t) => {
  const { folder, run } = makePlace(t);
  const { exitCode, stdout, stderr } = await run([process.execPath, script("host.js")]);
  assert.equal(exitCode, 0, stderr);
  assert.equal(stdout, "world\n");
  assert.equal(readFileSync(join(folder, "kv_hello"), "utf8"), "world");
});

test("go-plugin's own example host, unchanged, runs our plugin [HOST-04]", async (t) => {
  const { host, missing } = await goExample();
  if (host === undefined) return t.skip(missing);
  const { folder, run } = makePlace(t);
  const env = { KV_PROTO: "grpc", KV_PLUGIN: `"${process.execPath}" "${script("plugin.js")}"` };
  const put = await run([host, "put", "hello", "from Go"], { env });
  assert.deepEqual([put.exitCode, put.stdout], [0, ""], put.stderr);
  assert.equal(readFileSync(join(folder, "kv_hello"), "utf8"), "from Go");
  const get = await run([host, "get", "hello"], { env });
  assert.deepEqual([get.exitCode, get.stdout], [0, "from Go\n"], get.stderr);
  const absent = await run([host, "get", "nothing"], { env });
  assert.equal(absent.exitCode, 1);
  assert.match(absent.stdout, /code = NotFound desc = no value for nothing/);
});

for (const afterMs of [30, 100, 200, 400, 800, 1600]) {
  for (const whom of ["the host alone", "the whole group, as a terminal does"]) {
    test(`Ctrl-C after ${afterMs} ms to ${whom} leaves nothing behind`, async (t) => {
      const { run } = makePlace(t);
      const { exitCode, killedBy, stderr } = await run([process.execPath, script("main.js")], {
        meanwhile: async (pid) => {
          await sleep(afterMs);
          try {
            process.kill(whom === "the host alone" ? pid : -pid, "SIGINT");
          } catch {
            // The story has ended before.
          }
        },
      });
      // Too early, and Node itself ends before it has read our first line; too late, and the story is over.
      assert.ok(killedBy === "SIGINT" || exitCode === 130 || exitCode === 0, `${exitCode} ${killedBy}\n${stderr}`);
    });
  }
}
