// npm run bench: measures, prints one table a group, and writes JSON and pictures when asked to.
import { readdir, writeFile } from "node:fs/promises";
import { arch, availableParallelism, cpus, platform } from "node:os";
import { join } from "node:path";
import { parseBenchArguments, usage } from "./lib/arguments.js";
import type { Group, Row } from "./lib/group.js";
import { formatRatios, formatRows } from "./lib/report.js";

async function loadGroups(): Promise<Group[]> {
  const folder = new URL("groups/", import.meta.url);
  const files = (await readdir(folder)).filter((file) => file.endsWith(".js") && !file.endsWith(".test.js"));
  const modules = await Promise.all(files.sort().map((file) => import(new URL(file, folder).href)));
  return modules.map(({ group }: { group: Group }) => group);
}

async function main(signal: AbortSignal): Promise<void> {
  const asked = parseBenchArguments(process.argv.slice(2));
  if (asked.help) {
    console.log(usage);
    return;
  }
  const groups = (await loadGroups()).filter(({ name }) => asked.only === undefined || name === asked.only);
  if (groups.length === 0) throw new Error(`there is no group called ${asked.only}`);

  const machine = {
    cpus: availableParallelism(),
    cpu: cpus()[0]?.model,
    node: process.version,
    os: `${platform()} ${arch()}`,
  };
  const rows: Row[] = [];
  const ratios: Record<string, number> = {};
  for (const group of groups) {
    const say = (sentence: string) => console.error(`${group.name}: ${sentence}`);
    const result = await group.run({ ...asked, signal, say });
    rows.push(...result.rows);
    Object.assign(ratios, result.ratios);
    const rounds = result.rounds ?? asked.rounds;
    console.log(`\n${group.about}\nMedians of ${rounds} rounds on ${machine.cpus} CPUs, Node ${machine.node}.\n`);
    console.log(`${formatRows(result.rows)}\n\n${formatRatios(result.ratios, group.bars)}`);
    if (asked.svg !== undefined && group.draw) {
      await writeFile(join(asked.svg, `bench-${group.name}.svg`), group.draw(result.rows));
    }
  }
  if (asked.json !== undefined) await writeFile(asked.json, `${JSON.stringify({ machine, rows, ratios }, null, 2)}\n`);
}

const abort = new AbortController();
process.on("SIGINT", () => abort.abort());
process.on("SIGTERM", () => abort.abort());
try {
  await main(abort.signal);
} catch (error) {
  console.error(abort.signal.aborted ? "bench: stopped" : `bench: ${(error as Error).message}`);
  process.exitCode = abort.signal.aborted ? 130 : 1;
}
