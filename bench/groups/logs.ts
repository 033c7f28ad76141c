import { type ClientProcess, startClient } from "../lib/client-process.js";
import type { Group, GroupResult, Row, RunOptions } from "../lib/group.js";
import type { LogsAnswer, LogsOrder } from "../lib/log-order.js";
import { drawLogs } from "../lib/logs-picture.js";
import { bars, compare } from "../lib/logs-ratios.js";
import { logCallers, logRows, logShapes, recordsPerSecond } from "../lib/logs-shapes.js";
import { median } from "../lib/median.js";
import { nodeProgram } from "../lib/programs.js";

const name = "logs";
/** There are many rows: each gets this part of `--seconds`, and of that the warm-up another part; the first of a row a whole one. */
const timeShare = 1 / 2;
const warmUpShare = 1 / 4;

/** Whether logging hurts calls. */
export const group: Group = {
  name,
  about: `Unary calls of 64 bytes while a plugin logs ${recordsPerSecond.toLocaleString("en")} records a second, as far as it can: of that plugin, and of another one beside it.`,
  bars,
  run,
  draw: drawLogs,
};

/** One row: whose calls, how many at once, beside which logs. */
interface Subject {
  readonly row: (typeof logRows)[number];
  readonly shape: (typeof logShapes)[number];
  readonly callers: number;
}

async function run(options: RunOptions): Promise<GroupResult> {
  const wanted = logRows.filter((row) => options.rows?.includes(row.name) ?? true);
  const clients = new Map<string, ClientProcess>();
  try {
    for (const carrier of new Set(wanted.map((row) => row.carrier))) {
      clients.set(carrier, await startClient([...nodeProgram("tenon/logs-client"), carrier], options.signal));
    }
    const subjects: Subject[] = logCallers.flatMap((callers) =>
      wanted.flatMap((row) => logShapes.map((shape) => ({ row, shape, callers }))),
    );
    const rows = await measureInTurn(subjects, clients, options);
    return { rows, ratios: compare(rows) };
  } finally {
    await Promise.allSettled([...clients.values()].map((client) => client.stop()));
  }
}

/** Measures A B C … A B C …, so that calls beside logs and those without are close in time. */
async function measureInTurn(
  subjects: readonly Subject[],
  clients: ReadonlyMap<string, ClientProcess>,
  { rounds, signal, say, ...options }: RunOptions,
): Promise<Row[]> {
  const seconds = options.seconds * timeShare;
  const measured = new Map<Subject, LogsAnswer[]>(subjects.map((subject) => [subject, []]));
  for (let round = 0; round < rounds; round += 1) {
    say(`round ${round + 1} of ${rounds}`);
    for (const [{ row, shape, callers }, answers] of measured) {
      signal.throwIfAborted();
      const order: LogsOrder = {
        callers,
        seconds,
        warmUpSeconds: seconds * (round === 0 ? 1 : warmUpShare),
        recordBytes: shape.recordBytes,
        recordsPerSecond,
        neighbour: row.neighbour,
      };
      answers.push(await clients.get(row.carrier)!.ask<LogsAnswer>(order));
    }
  }
  return [...measured].map(([subject, answers]) => toRow(subject, answers));
}

function toRow({ row, shape, callers }: Subject, answers: readonly LogsAnswer[]): Row {
  const us = (of: (answer: LogsAnswer) => number) => Math.round(median(answers.map(of)) * 10) / 10;
  const sum = (of: (answer: LogsAnswer) => number) => answers.reduce((total, answer) => total + of(answer), 0);
  return {
    group: name,
    name: row.name,
    shape: shape.shape,
    callers,
    callsPerSecond: Math.round(median(answers.map(({ calls, seconds }) => calls / seconds))),
    p50Us: us(({ p50Us }) => p50Us),
    p99Us: us(({ p99Us }) => p99Us),
    offered: sum(({ offered }) => offered),
    taken: sum(({ taken }) => taken),
    dropped: sum(({ dropped }) => dropped),
    offeredPerSecond: Math.round(sum(({ offered }) => offered) / sum(({ floodSeconds }) => floodSeconds)),
  };
}
