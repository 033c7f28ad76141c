import { drawCalls } from "../lib/calls-picture.js";
import { bars, compare } from "../lib/calls-ratios.js";
import { type ClientProcess, startClient } from "../lib/client-process.js";
import { payloadBytes } from "../lib/client-loop.js";
import type { Group, GroupResult, Row, RunOptions } from "../lib/group.js";
import type { Measurement } from "../lib/measure.js";
import { median } from "../lib/median.js";
import { findGoPrograms, nodeProgram } from "../lib/programs.js";

/** The command of a row's client process, which starts its server process itself. */
type Pair = readonly [name: string, client: readonly string[]];

const name = "calls";
const callersMeasured = [1, 64];
/** Length of a warm-up in relation to what follows: at first code must be compiled, later only caches filled. */
const firstWarmUp = 1;
const laterWarmUp = 1 / 6;
/** Medians of a row that differ by a larger factor from round to round are worth a remark. */
const quietSpread = 2;

/** Unary calls over a unix socket, every pair in two processes. */
export const group: Group = {
  name,
  about: `Unary calls over a unix socket, plaintext, ${payloadBytes}-byte value; each row is a client and a server process.`,
  bars,
  run,
  draw: drawCalls,
};

async function run(options: RunOptions): Promise<GroupResult> {
  const pairs = (await findPairs(options)).filter(([name]) => options.rows?.includes(name) ?? true);
  const clients = new Map<string, ClientProcess>();
  try {
    for (const [name, command] of pairs) {
      clients.set(name, await startClient(command, options.signal));
    }
    const rows = await measureInTurn(clients, options);
    return { rows, ratios: compare(rows) };
  } finally {
    await Promise.allSettled([...clients.values()].map((client) => client.stop()));
  }
}

/** Every row with its commands; without Go only those that do without. */
async function findPairs(options: RunOptions): Promise<Pair[]> {
  const tenonPlugin = nodeProgram("tenon/plugin");
  const tenonClient = nodeProgram("tenon/client");
  const pairs: Pair[] = [
    ["raw-socket", nodeProgram("rivals/raw-socket/client")],
    ["tenon-tenon", [...tenonClient, ...tenonPlugin]],
    ["grpc-js", nodeProgram("rivals/grpc-js/client")],
    ["connect-node", nodeProgram("rivals/connect-node/client")],
  ];
  const go = await findGoPrograms(options, "tenon-go, go-tenon and go-go");
  if (go === undefined) return pairs;
  pairs.splice(
    2,
    0,
    ["tenon-go", [...tenonClient, go("kv-plugin")]],
    ["go-tenon", [go("kv-client"), ...tenonPlugin]],
    ["go-go", [go("kv-client"), go("kv-plugin")]],
  );
  return pairs;
}

/** Measures A B C … A B C …, so that a busy moment of the machine does not hit one row alone. */
async function measureInTurn(clients: ReadonlyMap<string, ClientProcess>, options: RunOptions): Promise<Row[]> {
  const { rounds, seconds, signal, say } = options;
  const measured = new Map<string, Measurement[]>();
  for (let round = 0; round < rounds; round += 1) {
    say(`round ${round + 1} of ${rounds}`);
    for (const callers of callersMeasured) {
      for (const [name, client] of clients) {
        signal.throwIfAborted();
        await client.ask({ callers, seconds: seconds * (round === 0 ? firstWarmUp : laterWarmUp) });
        signal.throwIfAborted();
        const measurement = await client.ask<Measurement>({ callers, seconds });
        const key = JSON.stringify([name, callers]);
        measured.set(key, [...(measured.get(key) ?? []), measurement]);
      }
    }
  }
  return [...measured].map(([key, measurements]) => {
    const [name, callers] = JSON.parse(key) as [string, number];
    const p50s = measurements.map(({ p50Us }) => p50Us);
    const [least, most] = [Math.min(...p50s), Math.max(...p50s)];
    if (most > least * quietSpread) {
      say(`${name}@${callers}: p50 was ${least.toFixed(0)} to ${most.toFixed(0)} µs, so the machine was not quiet`);
    }
    return toRow(name, callers, measurements);
  });
}

function toRow(rowName: string, callers: number, measurements: readonly Measurement[]): Row {
  return {
    group: name,
    name: rowName,
    callers,
    payloadBytes,
    callsPerSecond: Math.round(median(measurements.map(({ calls, seconds }) => calls / seconds))),
    p50Us: Math.round(median(measurements.map(({ p50Us }) => p50Us)) * 10) / 10,
    p99Us: Math.round(median(measurements.map(({ p99Us }) => p99Us)) * 10) / 10,
  };
}
