import { type ClientProcess, startClient } from "../lib/client-process.js";
import type { Group, GroupResult, Row, RunOptions } from "../lib/group.js";
import { bulk, type LoadReady, type StreamAnswer, type StreamOrder } from "../lib/load-orders.js";
import { median } from "../lib/median.js";
import { peakRssBytes } from "../lib/memory.js";
import { findGoPrograms, nodeProgram } from "../lib/programs.js";
import { bars, compare } from "../lib/streams-ratios.js";

/** The command of a row's client process, and the part of a stream that it reads, where the whole would take too long. */
interface Pair {
  readonly name: string;
  readonly client: readonly string[];
  readonly share?: number;
}

/** A stream, and the names of the rows that read it. */
interface Shape {
  readonly shape: string;
  readonly valueBytes: number;
  readonly count: number;
  /**
   * So many streams make up the messages, one of each row in turn. Where the machine is slow for a second, which large messages meet most, the
   * part of whoever has his turn is slow then, and not his round.
   */
  readonly parts: number;
  readonly rows: readonly string[];
}

const shapes: readonly Shape[] = [
  {
    shape: "small",
    valueBytes: 64,
    count: 1_000_000,
    parts: 1,
    rows: ["tenon-tenon", "tenon-go", "go-tenon", "go-go", "grpc-js", "connect-node"],
  },
  { shape: "bulk", ...bulk, parts: 8, rows: ["raw-socket", "tenon-tenon", "go-go"] },
];

/** One twentieth is about a second's work for these two. */
const slowShare = 1 / 20;
/** Read first, so that the growth of memory is that of a program at work and not that of one that starts. */
const warmUpShare = 1 / 8;
/** `--seconds` for which streams have their whole length. */
const wholeSeconds = 1.2;

/** Server streams over a unix socket, every pair in two processes. */
export const group: Group = {
  name: "streams",
  about:
    "One server stream over a unix socket, plaintext: 1 M messages of 64 bytes (small), 1 GiB in messages of 64 KiB (bulk).",
  bars,
  run,
};

async function run(options: RunOptions): Promise<GroupResult> {
  const pairs = (await findPairs(options)).filter(({ name }) => options.rows?.includes(name) ?? true);
  const rows: Row[] = [];
  for (const shape of shapes) {
    rows.push(
      ...(await runShape(
        shape,
        pairs.filter(({ name }) => shape.rows.includes(name)),
        options,
      )),
    );
  }
  return { rounds: roundsOf(options), rows, ratios: compare(rows) };
}

/** A round is the length of a whole stream, however long that takes: half as many as of timed measurements. */
function roundsOf({ rounds }: RunOptions): number {
  return Math.ceil(rounds / 2);
}

async function findPairs(options: RunOptions): Promise<Pair[]> {
  const tenonPlugin = nodeProgram("tenon/load-plugin");
  const tenonClient = nodeProgram("tenon/load-client");
  const rivals: Pair[] = [
    { name: "grpc-js", client: nodeProgram("rivals/grpc-js/load-client"), share: slowShare },
    { name: "connect-node", client: nodeProgram("rivals/connect-node/load-client"), share: slowShare },
  ];
  const own: Pair[] = [
    { name: "raw-socket", client: nodeProgram("rivals/raw-socket/stream-client") },
    { name: "tenon-tenon", client: [...tenonClient, ...tenonPlugin] },
  ];
  const go = await findGoPrograms(options, "tenon-go, go-tenon and go-go");
  if (go === undefined) return [...own, ...rivals];
  return [
    ...own,
    { name: "tenon-go", client: [...tenonClient, go("load-plugin")] },
    { name: "go-tenon", client: [go("load-client"), ...tenonPlugin] },
    { name: "go-go", client: [go("load-client"), go("load-plugin")] },
    ...rivals,
  ];
}

/** Measures A B C … A B C …, in processes that read this stream alone, since the peak of their memory counts. */
async function runShape(shape: Shape, pairs: readonly Pair[], options: RunOptions): Promise<Row[]> {
  const { signal, say } = options;
  const rounds = roundsOf(options);
  const length = Math.min(1, options.seconds / wholeSeconds);
  const clients: ClientProcess[] = [];
  try {
    for (const { client } of pairs) clients.push(await startClient(client, signal));
    const ordersOf = (part: number) => pairs.map(({ share = 1 }) => orderOf(shape, share * length * part));
    const warmUps = ordersOf(warmUpShare);
    const orders = ordersOf(1 / shape.parts);
    const answers = pairs.map((): StreamAnswer[] => []);
    const before: (Peak | undefined)[] = [];
    for (let part = 0; part < rounds * shape.parts; part += 1) {
      if (part % shape.parts === 0) say(`${shape.shape}, round ${part / shape.parts + 1} of ${rounds}`);
      for (const [i, client] of clients.entries()) {
        signal.throwIfAborted();
        if (part === 0) {
          await client.ask(warmUps[i]!);
          before.push(readPeak(client));
        }
        answers[i]!.push(await client.ask<StreamAnswer>(orders[i]!));
      }
    }
    return pairs.map(({ name }, i) => toRow(name, shape, answers[i]!, growth(before[i], readPeak(clients[i]!))));
  } finally {
    await Promise.allSettled(clients.map((client) => client.stop()));
  }
}

function orderOf({ valueBytes, count }: Shape, part: number): StreamOrder {
  return { task: "stream", valueBytes, count: Math.ceil(count * part) };
}

interface Peak {
  readonly client: number;
  readonly server: number;
}

function readPeak(process: ClientProcess): Peak | undefined {
  const { pid, serverPid } = process.ready as LoadReady;
  const [client, server] = [peakRssBytes(pid), peakRssBytes(serverPid)];
  return client === undefined || server === undefined ? undefined : { client, server };
}

function growth(before: Peak | undefined, after: Peak | undefined): Record<string, number> {
  if (before === undefined || after === undefined) return {};
  return {
    clientPeakRssGrowthBytes: after.client - before.client,
    serverPeakRssGrowthBytes: after.server - before.server,
    clientPeakRssBytes: after.client,
    serverPeakRssBytes: after.server,
  };
}

function toRow(name: string, shape: Shape, answers: readonly StreamAnswer[], memory: Record<string, number>): Row {
  return {
    group: group.name,
    name,
    shape: shape.shape,
    valueBytes: shape.valueBytes,
    messages: answers[0]!.messages,
    messagesPerSecond: Math.round(median(answers.map(({ messages, seconds }) => messages / seconds))),
    bytesPerSecond: Math.round(median(answers.map(({ bytes, seconds }) => bytes / seconds))),
    ...memory,
  };
}
