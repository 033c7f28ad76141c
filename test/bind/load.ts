import { setTimeout as sleep } from "node:timers/promises";
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import type { Session } from "@tenon/host";
import { withTimeout } from "@tenon/testkit";
import type { Specimen } from "@tenon/testkit/specimen";
import type { counted } from "./counted.js";

/** What became of the calls so far. */
export interface LoadReport {
  readonly answered: number;
  /** Calls that came to an end, whichever. */
  readonly ended: number;
  /** Calls that failed, by the name of the code. */
  readonly failed: Readonly<Record<string, number>>;
  /**
   * Answers that belong to another call, streams that lost, doubled or swapped pieces, and errors that no lost link explains; in words.
   */
  readonly wrong: readonly string[];
  /** By how much a call has outlasted its deadline at most, in milliseconds; those that still run count. */
  readonly latestMs: number;
}

/** Callers that always have a call in flight. */
export interface Load {
  report(): LoadReport;
  /** Waits for the calls in flight. Rejects where one of them does not end within its deadline and 5 s. */
  stop(): Promise<LoadReport>;
}

/** Settings of {@link startLoad}. */
export interface LoadOptions {
  readonly callers: number;
  readonly deadlineMs: number;
  /** Number of the first call; each later one has the next. Default 1. */
  readonly first?: bigint;
}

type SpecimenClient = Client<typeof Specimen>;
type Call = (
  client: SpecimenClient,
  number: bigint,
  data: Uint8Array,
  timeoutMs: number,
) => Promise<string | undefined>;

const piecesOfStream = 5;

/** What a call ends with whose link is lost: ABORTED where its answer had begun. */
const explained: readonly Code[] = [Code.Unavailable, Code.Aborted, Code.DeadlineExceeded];

/** The kinds of calls; each says what is wrong with its answer. Two of three are unary. */
const kinds: readonly Call[] = [unary, serverStream, unary, bidi, unary, unary];

/** Calls whatever `find` finds, a different kind of call by each caller, until it is stopped. */
export function startLoad(find: () => SpecimenClient | undefined, options: LoadOptions): Load {
  const { callers, deadlineMs, first = 1n } = options;
  const failed: Record<string, number> = {};
  const wrong: string[] = [];
  const dueAt = new Map<bigint, number>();
  const over = new AbortController();
  let [answered, ended, latestMs, next] = [0, 0, 0, first];

  const callOnce = async (call: Call, client: SpecimenClient): Promise<void> => {
    const number = next++;
    dueAt.set(number, performance.now() + deadlineMs);
    try {
      const fault = await call(client, number, dataOf(number), deadlineMs);
      if (fault === undefined) answered++;
      else wrong.push(`${call.name} ${number}: ${fault}`);
    } catch (error) {
      const { code, message } = ConnectError.from(error);
      failed[Code[code]] = (failed[Code[code]] ?? 0) + 1;
      if (!explained.includes(code)) wrong.push(`${call.name} ${number}: ${message}`);
    }
    ended++;
    latestMs = Math.max(latestMs, performance.now() - dueAt.get(number)!);
    dueAt.delete(number);
  };
  const run = async (call: Call): Promise<void> => {
    while (!over.signal.aborted) {
      const client = find();
      if (client === undefined) await sleep(5);
      else await callOnce(call, client);
    }
  };
  const running = Promise.all(Array.from({ length: callers }, (_, i) => run(kinds[i % kinds.length]!)));

  const report = (): LoadReport => {
    const late = [...dueAt.values()].map((due) => performance.now() - due);
    return { answered, ended, failed: { ...failed }, wrong: [...wrong], latestMs: Math.max(latestMs, ...late) };
  };
  return {
    report,
    async stop() {
      over.abort();
      await withTimeout(running, deadlineMs + 5000, "a call");
      return report();
    },
  };
}

/** The client of a session with a plugin of the contract "counted". */
export function clientOf(session: Session | undefined): SpecimenClient | undefined {
  return (session as Session<typeof counted.versions> | undefined)?.client("specimen");
}

/** Few bytes mostly, and some kilobytes now and then. */
function dataOf(number: bigint): Uint8Array {
  return Buffer.from(`${number},`.repeat(number % 8n === 0n ? 200 : 5));
}

async function unary(...[client, number, data, timeoutMs]: Parameters<Call>): Promise<string | undefined> {
  return faultOf(await client.unary({ number, data }, { timeoutMs }), number, data);
}

async function serverStream(...[client, number, data, timeoutMs]: Parameters<Call>): Promise<string | undefined> {
  let pieces = 0;
  for await (const piece of client.serverStream({ number, data, count: piecesOfStream }, { timeoutMs })) {
    const fault = faultOf(piece, number, data);
    if (fault !== undefined) return fault;
    pieces++;
  }
  return pieces === piecesOfStream ? undefined : `it ended well after ${pieces} pieces of ${piecesOfStream}`;
}

async function bidi(...[client, number, data, timeoutMs]: Parameters<Call>): Promise<string | undefined> {
  const ask = async function* () {
    for (let i = 0; i < piecesOfStream; i++) yield { number, data: Buffer.concat([data, Buffer.from([i])]) };
  };
  let pieces = 0;
  for await (const piece of client.bidi(ask(), { timeoutMs })) {
    const fault = faultOf(piece, number, Buffer.concat([data, Buffer.from([pieces])]));
    if (fault !== undefined) return fault;
    pieces++;
  }
  return pieces === piecesOfStream ? undefined : `it ended well after ${pieces} pieces of ${piecesOfStream}`;
}

function faultOf(piece: { number: bigint; data: Uint8Array }, number: bigint, data: Uint8Array): string | undefined {
  if (piece.number !== number) return `got the answer of ${piece.number}`;
  return Buffer.compare(piece.data, data) === 0 ? undefined : "got other bytes than it sent";
}
