import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bars, compare } from "../lib/bind-ratios.js";
import { measureInTurn } from "../lib/calls-in-turn.js";
import { payloadBytes } from "../lib/client-loop.js";
import { type ClientProcess, startClient } from "../lib/client-process.js";
import type { Group, GroupResult, Row, RunOptions } from "../lib/group.js";
import { median } from "../lib/median.js";
import { type MountAnswer, type MountOrder, mountRows } from "../lib/mount-order.js";
import { nodeProgram } from "../lib/programs.js";

const name = "bind";
/** Each takes a part of a second: so many are timed for each second of `--seconds`. */
const mountsPerSecond = 4;

/** A plugin that dials in, beside the same one that the host starts. */
export const group: Group = {
  name,
  about: `Unary calls of a plugin that dials in, ${payloadBytes}-byte value, beside one that the host starts; and times until its first answer.`,
  bars,
  run,
};

async function run(options: RunOptions): Promise<GroupResult> {
  const folder = await mkdtemp(join(tmpdir(), "tenon-bench-"));
  const isWanted = (row: string) => options.rows?.includes(row) ?? true;
  const clients = new Map<string, ClientProcess>();
  try {
    for (const [row, command] of Object.entries(commands(folder)).filter(([row]) => isWanted(row))) {
      clients.set(row, await startClient(command, options.signal));
    }
    const rows = await measureInTurn(name, clients, options);
    const mounts = mountRows.filter(isWanted);
    if (mounts.length > 0) rows.push(...(await timeMounts(mounts, options)));
    return { rows, ratios: compare(rows) };
  } finally {
    await Promise.allSettled([...clients.values()].map((client) => client.stop()));
    await rm(folder, { recursive: true, force: true });
  }
}

/** The client process of each row of calls. */
function commands(folder: string): Record<string, readonly string[]> {
  const launch = { process: nodeProgram("tenon/plugin") };
  const bound = (listen: object) => [...nodeProgram("tenon/bind-client"), JSON.stringify(listen)];
  return {
    "raw-socket": nodeProgram("rivals/raw-socket/client"),
    process: [...nodeProgram("tenon/launch-client"), JSON.stringify(launch)],
    bind: bound({}),
    "bind-unix": bound({ address: `unix:${join(folder, "s")}` }),
    "bind-tls": bound({ tls: true }),
  };
}

async function timeMounts(
  wanted: readonly MountOrder["what"][],
  { rounds, seconds, signal, say }: RunOptions,
): Promise<Row[]> {
  const times = Math.max(1, Math.round(rounds * seconds * mountsPerSecond));
  say(`${times} times ${wanted.join(", ")}`);
  const measured = new Map(wanted.map((what) => [what, [] as number[]]));
  const client = await startClient(nodeProgram("tenon/mount-client"), signal);
  try {
    // The first of each, which loads code and files, is not counted.
    for (let time = 0; time <= times; time += 1) {
      for (const [what, all] of measured) {
        signal.throwIfAborted();
        const { milliseconds } = await client.ask<MountAnswer>({ what } satisfies MountOrder);
        if (time > 0) all.push(milliseconds);
      }
    }
  } finally {
    await client.stop();
  }
  const oneDigit = (value: number) => Math.round(value * 10) / 10;
  return [...measured].map(([what, all]) => ({
    group: name,
    name: what,
    times,
    p50Ms: oneDigit(median(all)),
    bestMs: oneDigit(Math.min(...all)),
  }));
}
