import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundlePlugin, publishPackages } from "../lib/bundle.js";
import { type ClientProcess, startClient } from "../lib/client-process.js";
import type { Group, GroupResult, Row, RunOptions } from "../lib/group.js";
import { median } from "../lib/median.js";
import { findGoPrograms, nodeProgram } from "../lib/programs.js";
import { bars, compare } from "../lib/start-ratios.js";
import type { StartAnswer, StartOrder } from "../lib/start-loop.js";

/** A row: who starts what. Rows without a host are a process that runs to its end. */
interface Subject {
  readonly name: string;
  readonly host?: "tenon" | "go";
  readonly command: readonly string[];
  readonly autoMtls?: boolean;
}

const name = "start";
/** One start is short: so many of them are made for each second of `--seconds`. */
const startsPerSecond = 4;

/** From the order to start a plugin until its first call is answered. */
export const group: Group = {
  name,
  about:
    "Start of a plugin until its first call is answered, beside `node -e 0` and modules that import one package, from start to end; one at a time.",
  bars,
  run,
};

async function run(options: RunOptions): Promise<GroupResult> {
  const folder = await mkdtemp(join(tmpdir(), "tenon-bench-"));
  const hosts = new Map<string, ClientProcess>();
  try {
    const go = await findGoPrograms(options, "*-go and go-*");
    const subjects = (await findSubjects(folder, go)).filter(({ name }) => options.rows?.includes(name) ?? true);
    hosts.set("tenon", await startClient(nodeProgram("tenon/start-client"), options.signal));
    if (go !== undefined) hosts.set("go", await startClient([go("start-client")], options.signal));
    const rows = await measureInTurn(subjects, hosts, options);
    return { rows, ratios: compare(rows) };
  } finally {
    await Promise.allSettled([...hosts.values()].map((host) => host.stop()));
    await rm(folder, { recursive: true, force: true });
  }
}

async function findSubjects(folder: string, go: ((program: string) => string) | undefined): Promise<Subject[]> {
  const [node, script] = nodeProgram("tenon/plugin") as [string, string];
  const bundled = [node, await bundlePlugin(script, folder)];
  const publish = await publishPackages(folder);
  const imports: Subject[] = [];
  for (const each of ["nothing", "plugin", "host"]) {
    const [, program] = nodeProgram(`tenon/import-${each}`) as [string, string];
    imports.push({ name: `import-${each}`, command: [node, await publish(program)] });
  }
  const subjects: Subject[] = [
    { name: "node-empty", command: [node, "-e", "0"] },
    ...imports,
    { name: "tenon-tenon", host: "tenon", command: bundled },
    { name: "tenon-tenon-mtls", host: "tenon", command: bundled, autoMtls: true },
    { name: "tenon-tenon-not-bundled", host: "tenon", command: [node, script] },
  ];
  if (go === undefined) return subjects;
  const plugin = [go("kv-plugin")];
  for (const autoMtls of [false, true]) {
    const suffix = autoMtls ? "-mtls" : "";
    subjects.push({ name: `tenon-go${suffix}`, host: "tenon", command: plugin, autoMtls });
    subjects.push({ name: `go-go${suffix}`, host: "go", command: plugin, autoMtls });
    subjects.push({ name: `go-tenon${suffix}`, host: "go", command: bundled, autoMtls });
  }
  return subjects;
}

/** Measures A B C … A B C …, one start of each at a time. */
async function measureInTurn(
  subjects: readonly Subject[],
  hosts: ReadonlyMap<string, ClientProcess>,
  { rounds, seconds, signal, say }: RunOptions,
): Promise<Row[]> {
  const measured = new Map<Subject, number[]>(subjects.map((subject) => [subject, []]));
  const starts = Math.max(1, Math.round(rounds * seconds * startsPerSecond));
  // The first start of each, which loads code and files, is not counted.
  for (let start = 0; start <= starts; start += 1) {
    if (start === 1) say(`${starts} starts of each`);
    for (const [subject, milliseconds] of measured) {
      signal.throwIfAborted();
      const { host, command, autoMtls = false } = subject;
      const order: StartOrder = { command, autoMtls };
      const took = host === undefined ? await runToEnd(command) : await hosts.get(host)!.ask<StartAnswer>(order);
      if (start > 0) milliseconds.push(took.milliseconds);
    }
  }
  return [...measured].map(([subject, milliseconds]) => ({
    group: name,
    name: subject.name,
    starts,
    p50Ms: Math.round(median(milliseconds) * 10) / 10,
    bestMs: Math.round(Math.min(...milliseconds) * 10) / 10,
  }));
}

async function runToEnd([file, ...args]: readonly string[]): Promise<StartAnswer> {
  const startedAt = performance.now();
  const child = spawn(file!, args, { stdio: ["ignore", "pipe", "pipe"] });
  await once(child, "exit");
  return { milliseconds: performance.now() - startedAt };
}
