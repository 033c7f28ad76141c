import { type ClientProcess, startClient } from "../lib/client-process.js";
import type { Group, GroupResult, Row, RunOptions } from "../lib/group.js";
import type { CallsOrder, LoadOrder, Memory, MemoryAnswer } from "../lib/load-orders.js";
import type { Measurement } from "../lib/measure.js";
import { median } from "../lib/median.js";
import { findGoPrograms, nodeProgram } from "../lib/programs.js";
import { bars, compare } from "../lib/wire-ratios.js";

type Pair = readonly [name: string, client: readonly string[]];

/** Calls of one kind. Those beside idle streams are made by processes of their own, which hold the streams. */
interface Shape extends Pick<CallsOrder, "callers" | "valueBytes" | "headers" | "besideBulk"> {
  readonly shape: string;
  readonly besideIdle?: boolean;
  /** Measured for as long as a stream of 1 GiB takes beside calls, since the first part of it is not like the rest. */
  readonly forWholeStream?: boolean;
}

const smallBytes = 64;
const shapes: readonly Shape[] = [
  { shape: "quiet", callers: 1, valueBytes: smallBytes, forWholeStream: true },
  { shape: "beside-stream", callers: 1, valueBytes: smallBytes, besideBulk: true, forWholeStream: true },
  { shape: "beside-idle", callers: 1, valueBytes: smallBytes, besideIdle: true },
  { shape: "plain", callers: 64, valueBytes: smallBytes },
  { shape: "headers", callers: 64, valueBytes: smallBytes, headers: 20 },
  { shape: "large", callers: 4, valueBytes: 1024 * 1024 },
];
const idleStreams = 1000;
const connections = 1000;
/** There are many shapes: each gets this part of `--seconds`, and of that the warm-up another part. */
const timeShare = 1 / 2;
/** With `--seconds 1.2` this is 4 s: 1 GiB at 260 MB/s. */
const wholeStreamShare = 10 / 3;
const warmUpShare = 1 / 4;

/** What the engine does beyond small calls on a quiet connection. */
export const group: Group = {
  name: "wire",
  about:
    "The engine alone over a unix socket, plaintext: echo calls beside other load, with many headers and of 1 MiB, and memory per connection and per stream.",
  bars,
  run,
};

async function run(options: RunOptions): Promise<GroupResult> {
  const pairs = (await findPairs(options)).filter(([name]) => options.rows?.includes(name) ?? true);
  const clients: ClientProcess[] = [];
  const start = async (command: readonly string[]) => {
    const client = await startClient(command, options.signal);
    clients.push(client);
    return client;
  };
  try {
    const memoryRows: Row[] = [];
    const quiet = new Map<string, ClientProcess>();
    const holding = new Map<string, ClientProcess>();
    for (const [name, command] of pairs) {
      const client = await start(command);
      options.say(`${name}: ${connections} connections`);
      const connect: LoadOrder = { task: "connect", connections };
      memoryRows.push(await weigh(client, name, connect, connections, options));
      await client.stop();
    }
    for (const [name, command] of pairs) {
      const client = await start(command);
      options.say(`${name}: ${idleStreams} idle streams`);
      memoryRows.push(await weigh(client, name, { task: "hold", streams: idleStreams }, idleStreams, options));
      holding.set(name, client);
      quiet.set(name, await start(command));
    }
    const rows = [...(await measureInTurn(quiet, holding, options)), ...memoryRows];
    return { rows, ratios: compare(rows) };
  } finally {
    await Promise.allSettled(clients.map((client) => client.stop()));
  }
}

async function findPairs(options: RunOptions): Promise<Pair[]> {
  const own: Pair = ["tenon-tenon", nodeProgram("tenon/wire-client")];
  const go = await findGoPrograms(options, "go-go");
  return go === undefined ? [own] : [own, ["go-go", [go("load-client"), go("load-plugin")]]];
}

/** Memory that both processes take for each of the things that the order makes them hold. */
async function weigh(
  client: ClientProcess,
  name: string,
  order: LoadOrder,
  held: number,
  { signal, seconds }: RunOptions,
): Promise<Row> {
  const warmUp: LoadOrder = { task: "calls", callers: 1, valueBytes: smallBytes, seconds: seconds * warmUpShare };
  await client.ask(warmUp);
  const read = () => client.ask<MemoryAnswer>({ task: "memory" });
  await read(); // Whatever the reading itself loads is there from now on.
  const before = await read();
  signal.throwIfAborted();
  await client.ask(order);
  const after = await read();
  const each = (end: keyof MemoryAnswer, figure: keyof Memory) =>
    Math.round((after[end][figure] - before[end][figure]) / held);
  return {
    group: group.name,
    name,
    shape: order.task === "hold" ? "stream-memory" : "connection-memory",
    held,
    clientHeapBytesEach: each("client", "heapBytes"),
    serverHeapBytesEach: each("server", "heapBytes"),
    clientRssBytesEach: each("client", "rssBytes"),
    serverRssBytesEach: each("server", "rssBytes"),
  };
}

/** Measures A B A B …, shape by shape, so that a figure and the one it is divided by are close in time. */
async function measureInTurn(
  quiet: ReadonlyMap<string, ClientProcess>,
  holding: ReadonlyMap<string, ClientProcess>,
  options: RunOptions,
): Promise<Row[]> {
  const { rounds, signal, say } = options;
  const measured = new Map<string, Measurement[]>();
  for (let round = 0; round < rounds; round += 1) {
    say(`round ${round + 1} of ${rounds}`);
    for (const { shape, besideIdle, forWholeStream, ...order } of shapes) {
      const seconds = options.seconds * (forWholeStream === true ? wholeStreamShare : timeShare);
      for (const [name, client] of besideIdle === true ? holding : quiet) {
        signal.throwIfAborted();
        const calls: CallsOrder = { task: "calls", ...order, seconds };
        await client.ask({ ...calls, seconds: options.seconds * timeShare * warmUpShare });
        signal.throwIfAborted();
        const key = `${shape} ${name}`;
        measured.set(key, [...(measured.get(key) ?? []), await client.ask<Measurement>(calls)]);
      }
    }
  }
  return shapes.flatMap((shape) => [...quiet.keys()].map((name) => toRow(name, shape, measured)));
}

function toRow(rowName: string, { shape, callers, valueBytes }: Shape, all: Map<string, Measurement[]>): Row {
  const measurements = all.get(`${shape} ${rowName}`)!;
  return {
    group: group.name,
    name: rowName,
    shape,
    callers,
    payloadBytes: valueBytes,
    callsPerSecond: Math.round(median(measurements.map(({ calls, seconds }) => calls / seconds))),
    p50Us: Math.round(median(measurements.map(({ p50Us }) => p50Us)) * 10) / 10,
    p99Us: Math.round(median(measurements.map(({ p99Us }) => p99Us)) * 10) / 10,
  };
}
