import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, describe, test } from "node:test";
import { defineContract, Health, isTenonError } from "@tenon/core";
import { assertNoLeaks, eventually, snapshotResources } from "@tenon/testkit";
import type { LaunchedInstance, LaunchRequest } from "../launch/launcher.js";
import { workerLauncher } from "./worker-launcher.js";
import type { WorkerThreadOptions } from "./worker-settings.js";

const directory = mkdtempSync("/tmp/thread-");
after(() => rmSync(directory, { recursive: true }));

const request: LaunchRequest = {
  plugin: "raw",
  instance: "raw-1",
  host: "test",
  contract: defineContract({ name: "raw", cookie: { key: "RAW", value: "yes" }, versions: { 1: { health: Health } } }),
  command: [],
  env: { RAW: "yes", PLUGIN_PROTOCOL_VERSIONS: "1", PLUGIN_UNIX_SOCKET_DIR: "/nowhere" },
  cwd: directory,
  searchPath: "",
  stdin: "ignore",
  parentDeathSignal: false,
  socketDir: undefined,
  verifiedDir: undefined,
  signal: new AbortController().signal,
  hostServices: undefined,
  explainLoss: async () => new Error("gone"),
};

let files = 0;

/** Starts a thread that speaks the protocol by hand; `port` and `control` are at hand. */
async function start(
  code: string,
  options: WorkerThreadOptions = {},
  signal = request.signal,
): Promise<LaunchedInstance> {
  const file = `raw-${files++}.mjs`;
  writeFileSync(
    join(directory, file),
    `import { workerData } from "node:worker_threads";
    const { tenonPort: port, tenonControl: control, tenonPulse: pulse } = workerData;
    const line = "1|3|stdio|-|grpc||true";
    ${code}`,
  );
  return workerLauncher({ file, ...options }).start({ ...request, signal });
}

async function finish(launched: LaunchedInstance): Promise<void> {
  launched.signal("SIGKILL");
  await launched.exited;
  launched.release();
}

describe("a thread that speaks the protocol by hand", () => {
  test("gets its variables, and is reached by the bytes behind its line [WRK-03]", async () => {
    const before = snapshotResources({ temporaryDirectories: [] });
    const launched = await start(`
      port.postMessage(line);
      port.on("message", (bytes) => port.postMessage(bytes));
      port.postMessage(Buffer.from(JSON.stringify(process.env)));
    `);
    const reach = await launched.reach!;
    assert.ok(reach.kind === "stream");
    assert.deepEqual([reach.version, reach.multiplex], [3, true]);
    const [variables] = (await reach.stream.take(1).toArray()) as [Buffer];
    assert.deepEqual(JSON.parse(variables.toString()), {
      RAW: "yes",
      PLUGIN_PROTOCOL_VERSIONS: "1",
      TENON_TRANSPORT: "port",
      PLUGIN_MULTIPLEX_GRPC: "true",
    });
    assert.equal(launched.pid, undefined);
    await finish(launched);
    await assertNoLeaks(before, { graceMs: 5000 });
  });

  for (const [what, said, code] of [
    ["bytes", "new Uint8Array(3)", "handshake-malformed"],
    ["a text that is no line", '"hello"', "handshake-malformed"],
    ["the line of a socket", '"1|1|unix|/tmp/x|grpc"', "transport-mismatch"],
  ] as const) {
    test(`${what} in place of the line [WRK-03]`, async () => {
      const launched = await start(`port.postMessage(${said}); setInterval(() => {}, 1000);`);
      await assert.rejects(async () => launched.reach, { code });
      await finish(launched);
    });
  }

  test("a start that is given up does not wait for a line [WRK-08]", async () => {
    const controller = new AbortController();
    const launched = await start("for (;;);", {}, controller.signal);
    controller.abort(new Error("enough"));
    await assert.rejects(async () => launched.reach, /enough/);
    await finish(launched);
    assert.deepEqual(await launched.exited, { exitCode: null, signal: "SIGKILL" });
  });

  test("SIGTERM is a message [WRK-10]", async () => {
    const launched = await start(`
      port.postMessage(line);
      control.on("message", (message) => process.exit(message === "terminate" ? 7 : 1));
    `);
    await launched.reach;
    assert.equal(launched.signal("SIGTERM"), true);
    assert.deepEqual(await launched.exited, { exitCode: 7, signal: null });
    launched.release();
  });

  test("what it prints without the library comes by its standard streams [WRK-04]", async () => {
    const launched = await start(`
      console.log("printed");
      console.error("complained");
      process.exitCode = 2;
    `);
    const [stdout, stderr] = await Promise.all([text(launched.stdout!), text(launched.stderr!)]);
    assert.deepEqual([stdout, stderr], ["printed\n", "complained\n"]);
    assert.deepEqual(await launched.exited, { exitCode: 2, signal: null });
    await assert.rejects(
      async () => launched.reach,
      (fault) => isTenonError(fault, "exited-before-handshake"),
    );
    launched.release();
  });

  test("is busy for as long as it does not turn, and not while it rests [WRK-09]", async () => {
    const launched = await start(`
      const cells = new Int32Array(pulse);
      control.on("message", () => {
        const [seconds, nanoseconds] = process.hrtime();
        Atomics.store(cells, 0, (seconds * 1000 + nanoseconds / 1e6) | 0);
        for (let end = performance.now() + 400; performance.now() < end; );
        port.postMessage(line);
      });
    `);
    await eventually(() => launched.busy!() === undefined);
    launched.signal("SIGTERM");
    const busy = await eventually(() => {
      const { busyMs } = launched.busy!() ?? { busyMs: 0 };
      return busyMs >= 100 ? { busyMs } : undefined;
    });
    assert.ok(busy.busyMs < 60_000);
    await launched.reach;
    await eventually(() => launched.busy!() === undefined);
    await finish(launched);
    assert.equal(launched.busy!(), undefined);
  });

  test("is busy from its beginning when it never turned [WRK-09]", async () => {
    const launched = await start("for (;;);");
    await eventually(() => (launched.busy!()?.busyMs ?? 0) > 50);
    Promise.resolve(launched.reach).catch(() => {});
    await finish(launched);
  });
});

describe("a thread that cannot be", () => {
  test("a file that is missing, or a directory [WRK-12]", async () => {
    const missing = workerLauncher({ file: "missing.js" }).start(request);
    await assert.rejects(missing, { code: "executable-not-found" });
    await assert.rejects(workerLauncher({ file: "." }).start(request), { code: "executable-not-runnable" });
  });

  test("options that Node does not give a thread [WRK-12]", async () => {
    await assert.rejects(start("", { execArgv: ["--title=x"] }), { code: "spawn-failed" });
  });

  test("a signal that has aborted before [WRK-12]", async () => {
    await assert.rejects(start("", {}, AbortSignal.abort(new Error("too late"))), /too late/);
  });
});
