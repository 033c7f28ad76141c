import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { goExample } from "@tenon/example-kv/go";
import { createLogger } from "@tenon/plugin";
import { bindPlugin } from "@tenon/plugin/bind";
import { eventually } from "@tenon/testkit";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";
import { createCountedPlugin } from "./counted.js";
import { figuresOf } from "./figures.js";
import type { LoadReport } from "./load.js";

const sandbox = useSandbox();
const restarts = process.env["EVERY_AREA"] === "1" ? 20 : 3;
const plugins = 9;
const go = await goExample();
const tenonBind = fileURLToPath(new URL("../../../packages/plugin/dist/bind/cli/main.js", import.meta.url));

interface Line extends Partial<LoadReport> {
  readonly event: string;
  readonly id?: string;
  readonly epoch?: number;
  readonly at: number;
}

/** A host in a process of its own, and what it has told. */
function startHost(t: TestContext, to: string, run: number) {
  const [command, ...args] = fixture("loaded-host", to, String(BigInt(run) << 32n));
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  const lines: Line[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push({ ...(JSON.parse(line) as Line), at: performance.now() });
  });
  const exited = once(child, "close");
  t.after(() => end(child, "SIGKILL"));
  return {
    lines,
    ready: () => lines.filter(({ event }) => event === "ready"),
    report: () => lines.findLast(({ event }) => event === "report"),
    end: async (signal: NodeJS.Signals) => {
      child.kill(signal);
      await exited;
    },
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, "close");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** Binds the plugins of this process, and a Go one in its own where there is Go. */
async function bindAll(t: TestContext, to: string) {
  const services = Array.from({ length: plugins }, () => createCountedPlugin());
  const logger = createLogger({ name: "counted", write: () => {} });
  const binding = services.map(({ plugin }, i) => bindPlugin(plugin, { to, name: `p-${i}`, logger }));
  if (go.plugin !== undefined) {
    const flags = ["--to", to, "--name", "kv-go", "--cookie", "BASIC_PLUGIN=hello", "--", go.plugin];
    const child = spawn(process.execPath, [tenonBind, ...flags], { cwd: sandbox.directory, stdio: "ignore" });
    t.after(() => end(child, "SIGTERM"));
  }
  t.after(async () => {
    for (const bound of await Promise.all(binding)) bound.destroy();
  });
  return { services, all: plugins + (go.plugin === undefined ? 0 : 1) };
}

test(`a host that is restarted ${restarts} times under load, killed or closed, has all plugins back [BFT-02]`, async (t) => {
  const to = `127.0.0.1:${await freePort()}`;
  const { services, all } = await bindAll(t, to);
  t.diagnostic(`${all} plugins${go.plugin === undefined ? ", none in Go" : ", one in Go through tenon-bind"}`);
  const epochs = new Map<string, number>();
  const backMs: number[] = [];
  let [answered, latestMs] = [0, 0];
  for (let run = 0; run <= restarts; run++) {
    const host = startHost(t, to, run);
    await eventually(() => host.ready().length === all, { timeoutMs: 30_000, what: `the plugins in run ${run}` });
    const listeningAt = host.lines.find(({ event }) => event === "listening")!.at;
    if (run > 0) backMs.push(host.ready().at(-1)!.at - listeningAt);
    for (const { id = "", epoch = 0 } of host.ready()) {
      assert.ok(run === 0 || epochs.has(id), `${id} is another instance`);
      assert.ok(epoch > (epochs.get(id) ?? 0), `${id} came with the epoch ${epoch}`);
      epochs.set(id, epoch);
    }
    await eventually(() => (host.report()?.answered ?? 0) > 100, { timeoutMs: 20_000, what: `answers in run ${run}` });
    await host.end(run % 2 === 0 ? "SIGKILL" : "SIGTERM");
    const report = host.report()!;
    assert.deepEqual(report.wrong, []);
    answered += report.answered ?? 0;
    latestMs = Math.max(latestMs, report.latestMs ?? 0);
  }
  t.diagnostic(`all back ${figuresOf(backMs)} after the host listened again`);
  t.diagnostic(`${answered} calls answered, latest ${Math.round(latestMs)} ms after its deadline`);
  assert.equal(epochs.size, all);
  assert.deepEqual(
    services.flatMap(({ twice }) => twice()),
    [],
  );
  assert.ok(latestMs < 1000, `a call outlasted its deadline by ${latestMs} ms`);
  assert.ok(Math.max(...backMs) < 20_000);
});
