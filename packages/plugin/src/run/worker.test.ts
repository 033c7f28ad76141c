import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, describe, test } from "node:test";
import { once } from "node:events";
import { MessageChannel, type MessagePort, type TransferListItem, Worker } from "node:worker_threads";
import { createChannel, createClient } from "@tenon/wire";
import { Health, parseHandshakeLine } from "@tenon/core";
import { streamFromPort } from "@tenon/wire/port";
import { createByteRing } from "@tenon/wire/port-ring";
import { eventually } from "@tenon/testkit";
import { cookie } from "../kv.testing.js";
import { startPlugin } from "./process.testing.js";
import { startPulse } from "./worker-pulse.js";

const directory = mkdtempSync("/tmp/thread-");
after(() => rmSync(directory, { recursive: true }));

const index = new URL("../index.js", import.meta.url).href;
const kvModule = new URL("../kv.testing.js", import.meta.url).href;

/** A plugin's file; `before` runs first. */
function writePlugin(name: string, before = "", options = ""): string {
  const file = join(directory, name);
  writeFileSync(
    file,
    `import { implement, runPlugin, createLogger } from ${JSON.stringify(index)};
    import { echo, kv } from ${JSON.stringify(kvModule)};
    ${before}
    await runPlugin(implement(kv, { kv: echo }), import.meta, { ${options} });
    console.log("runPlugin returned");`,
  );
  return file;
}

interface Thread {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly control: MessagePort;
  readonly heard: unknown[];
  /** What it wrote into the ring. */
  stderr(): string;
  readonly exited: Promise<number>;
  close(): void;
}

const hostEnvironment = { [cookie.key]: cookie.value, PLUGIN_PROTOCOL_VERSIONS: "1", TENON_TRANSPORT: "port" };

/** Starts a thread as a host does. */
function startThread(file: string, env: Record<string, string> = hostEnvironment, more: object = {}): Thread {
  const [channel, control] = [new MessageChannel(), new MessageChannel()];
  const ring = createByteRing(65_536);
  const worker = new Worker(file, {
    env,
    stdout: true,
    stderr: true,
    workerData: {
      tenonPort: channel.port2,
      tenonControl: control.port2,
      tenonStderr: ring.memory,
      tenonPulse: new SharedArrayBuffer(8),
      ...more,
    },
    transferList: [channel.port2, control.port2] as TransferListItem[],
  });
  const heard: unknown[] = [];
  control.port1.on("message", (message) => heard.push(message));
  let written = "";
  return {
    worker,
    port: channel.port1,
    control: control.port1,
    heard,
    stderr: () => (written += ring.read()?.toString() ?? ""),
    exited: once(worker, "exit").then(([code]) => code as number),
    close() {
      channel.port1.close();
      control.port1.close();
    },
  };
}

describe("a plugin in a thread", () => {
  test("runs in a thread that a host started, with its line first and its bytes behind [WRK-02] [WRK-03]", async () => {
    const thread = startThread(writePlugin("plugin.mjs"));
    const [line] = (await once(thread.port, "message")) as [string];
    const parsed = parseHandshakeLine(line, "stdio");
    assert.deepEqual([parsed.appVersion, parsed.multiplex], [1, undefined]);
    const channel = createChannel(streamFromPort(thread.port));
    await createClient(Health, channel.transport).check({ service: "plugin" });
    thread.control.postMessage("terminate");
    assert.equal(await thread.exited, 0);
    assert.match(thread.stderr(), /plugin ends: the host asked for it/);
    assert.equal((await channel.closed).kind === "lost", false);
    thread.close();
  });

  test("its file does nothing in any other thread, nor as the import of another file [WRK-02]", async () => {
    const file = writePlugin("imported.mjs");
    const plain = new Worker(file, { env: hostEnvironment, stdout: true });
    assert.equal(await text(plain.stdout), "runPlugin returned\n");
    const importer = join(directory, "importer.mjs");
    writeFileSync(importer, 'await import("./imported.mjs");');
    const thread = startThread(importer);
    assert.equal(await text(thread.worker.stdout), "runPlugin returned\n");
    assert.equal(await thread.exited, 0);
    thread.close();
  });

  test("a process that is told to serve on a port says what is wrong [WRK-02]", async (t) => {
    const plugin = startPlugin(t, { env: { TENON_TRANSPORT: "port" } });
    assert.deepEqual(await plugin.exited, { code: 1, signal: null });
    assert.match(plugin.stderr, /"code":"environment-invalid"/);
    assert.match(plugin.stderr, /there is none/);
  });

  test("console and standard error, and what is written right before the exit, are in the ring [WRK-04]", async () => {
    const before = `
      setTimeout(() => {
        console.warn("on the console");
        process.stderr.write("on standard error\\n");
        createLogger().info("in the log");
        process.exit(5);
      }, 20);`;
    const thread = startThread(writePlugin("writes.mjs", before));
    assert.equal(await thread.exited, 5);
    const lines = thread.stderr().split("\n");
    assert.ok(lines.some((line) => /"@level":"warn","@message":"on the console"/.test(line)));
    assert.ok(lines.includes("on standard error"));
    assert.ok(lines.some((line) => line.includes("in the log")));
    assert.equal(thread.heard[0], "stderr");
    thread.close();
  });

  test("a ring that nobody reads holds the thread up for a second, then records are dropped and counted [WRK-05]", async () => {
    const before = `
      const logger = createLogger();
      const begin = performance.now();
      for (let i = 0; i < 2000; i++) logger.info("x".repeat(100));
      const took = performance.now() - begin;
      const { parentPort } = await import("node:worker_threads");
      parentPort.postMessage("flooded");
      parentPort.once("message", () => { logger.info("took", { took }); process.exit(0); });`;
    const thread = startThread(writePlugin("floods.mjs", before));
    await once(thread.worker, "message");
    thread.stderr();
    thread.worker.postMessage("go on");
    await thread.exited;
    const records = thread
      .stderr()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const kept = records.filter((record) => String(record["@message"]).startsWith("xxx")).length;
    const dropped = records.find((record) => record["dropped"] !== undefined)?.["dropped"];
    assert.equal(kept + Number(dropped), 2000);
    assert.ok(Number(dropped) > 0);
    thread.close();
  });

  test("what kills it is told on the control port, whatever was thrown [WRK-06]", async () => {
    const crash = async (code: string) => {
      const thread = startThread(writePlugin("crashes.mjs", `setTimeout(() => { ${code} }, 20);`));
      assert.equal(await thread.exited, 1);
      await eventually(() => thread.heard.some((message) => typeof message === "object"));
      thread.close();
      return (thread.heard.find((message) => typeof message === "object") as { crash: Record<string, string> }).crash;
    };
    const error = await crash('throw Object.assign(new TypeError("bad"), { code: "E_BAD" })');
    assert.deepEqual([error["name"], error["message"], error["code"]], ["TypeError", "bad", "E_BAD"]);
    assert.match(error["stack"]!, /crashes\.mjs/);
    assert.equal((await crash("throw undefined"))["message"], "undefined was thrown");
    assert.equal((await crash("throw new Error('x'.repeat(1e7))"))["message"]!.length < 20_000, true);
    assert.match((await crash("throw { toString() { throw 1 } }"))["message"]!, /cannot be read/);
  });
});

describe("the pulse of a thread", () => {
  test("is noted when its event loop turns, and not in between [WRK-09]", async () => {
    const memory = new SharedArrayBuffer(8);
    const cells = new Int32Array(memory);
    startPulse(memory, { onExceeded: () => assert.fail("nothing is counted") });
    const before = cells[0];
    for (const end = performance.now() + 20; performance.now() < end; );
    assert.equal(cells[0], before);
    await eventually(() => cells[0] !== before);
    const [seconds, nanoseconds] = process.hrtime();
    assert.ok((((seconds * 1000 + nanoseconds / 1e6) | 0) - cells[0]!) % 2 ** 31 < 60_000);
  });

  test("memory outside the heap is told once when it is too much [WRK-07]", async () => {
    const exceeded: number[] = [];
    const { external } = process.memoryUsage();
    startPulse(new SharedArrayBuffer(8), {
      maxExternalBytes: external + 30_000_000,
      onExceeded: (bytes) => exceeded.push(bytes),
    });
    const held = [Buffer.alloc(20_000_000)];
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.deepEqual(exceeded, []);
    held.push(Buffer.alloc(20_000_000));
    await eventually(() => exceeded.length === 1);
    assert.ok(exceeded[0]! > external + 30_000_000);
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.deepEqual([exceeded.length, held.length], [1, 2]);
  });
});
