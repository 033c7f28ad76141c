import { create } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import {
  type Piece,
  PieceSchema,
  type Specimen,
  type SpecimenHost,
  type Task,
} from "../gen/tenon/testkit/v1/specimen_pb.js";
import { collectGarbage, usedHeapBytes } from "../leaks/memory.js";
import { createLedger, type Ledger } from "./ledger.js";
import { misbehave } from "./misdeeds.js";
import { performTask } from "./perform-task.js";

/** What a specimen is told by the plugin's file that serves it. */
export interface SpecimenOptions {
  /** Version of the contract that it is served under. Default 1. */
  readonly version?: number;
  /** Finds the client of the host's service in a call's context. Default: there is none, and calls that need it fail. */
  readonly host?: (context: HandlerContext) => Client<typeof SpecimenHost> | Promise<Client<typeof SpecimenHost>>;
}

/**
 * Creates the service that `launcherCompliance` calls, for a plugin's file to implement. It does what it is asked for, which
 * includes ending its process and filling its memory: serve it to tests alone.
 */
export function createSpecimen(options: SpecimenOptions = {}): ServiceImpl<typeof Specimen> {
  const { version = 1, host } = options;
  const ledger = createLedger();
  const hostOf = async (context: HandlerContext): Promise<Client<typeof SpecimenHost>> => {
    if (host !== undefined) return host(context);
    throw new ConnectError("this specimen was given no way to its host", Code.FailedPrecondition);
  };
  return {
    unary: (task, context) => {
      echoMetadata(context);
      return isPlain(task) ? pieceOf(task, context) : performTask(task, context, ledger, () => pieceOf(task, context));
    },
    serverStream: (task, context) => {
      echoMetadata(context);
      return answer(task, context, ledger);
    },
    async clientStream(tasks, context) {
      echoMetadata(context);
      let count = 0n;
      for await (const task of tasks) {
        count++;
        if (isPlain(task)) continue;
        await performTask(task, context, ledger, () => {
          ledger.of(task.tag).consumed++;
        });
      }
      return { number: count };
    },
    async *bidi(tasks, context) {
      echoMetadata(context);
      for await (const task of tasks) {
        if (isPlain(task)) yield pieceOf(task, context);
        else yield await performTask(task, context, ledger, () => pieceOf(task, context));
      }
    },
    echo: (values) => values,
    async look({ tag, release, collect }) {
      const account = ledger.of(tag);
      if (release) account.release();
      if (collect) await collectGarbage();
      const { begun, running, aborted, most, produced, consumed } = account;
      const heapBytes = BigInt(usedHeapBytes());
      return { begun, running, aborted, most, produced, consumed, version, heapBytes, pid: process.pid };
    },
    async misbehave(misdeed) {
      await misbehave(misdeed);
      return {};
    },
    async *misbehaveInStream(misdeed) {
      yield { number: 1n };
      await misbehave(misdeed);
      yield { number: 2n };
    },
    async askHost(task, context) {
      return (await hostOf(context)).answer(task, { signal: context.signal });
    },
    async *askHostForStream(task, context) {
      yield* (await hostOf(context)).answerStream(task, { signal: context.signal });
    },
    async relay({ left, done }, context) {
      if (left === 0) return { left, done };
      return (await hostOf(context)).relay({ left: left - 1, done: done + 1 }, { signal: context.signal });
    },
  };
}

async function* answer(task: Task, context: HandlerContext, ledger: Ledger): AsyncGenerator<Piece> {
  const { tag, count, data, delayMs } = task;
  const account = ledger.of(tag);
  const end = ledger.begin(tag, context);
  try {
    if (task.hold) await account.released;
    for (let i = 0; i < count; i++) {
      if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
      account.produced++;
      yield create(PieceSchema, { number: BigInt(i), data });
    }
    await performTask({ ...task, tag: "", hold: false, delayMs: 0 }, context, ledger, () => {});
  } finally {
    end();
  }
}

/** Whether a task asks for nothing that takes time: such a call is answered at once, as in most plugins. */
function isPlain({ tag, hold, delayMs, hang, status }: Task): boolean {
  return tag === "" && delayMs === 0 && status === 0 && !hold && !hang;
}

function pieceOf({ number, data }: Task, context: HandlerContext): Piece {
  const piece = create(PieceSchema, { number, data });
  const timeoutMs = context.timeoutMs();
  if (timeoutMs !== undefined) piece.timeoutMs = timeoutMs;
  return piece;
}

/** What a request carries under these names comes back in headers and trailers. */
function echoMetadata({ requestHeader, responseHeader, responseTrailer }: HandlerContext): void {
  for (const name of ["x-specimen", "x-specimen-bin"]) {
    const value = requestHeader.get(name);
    if (value === null) continue;
    responseHeader.set(name, value);
    responseTrailer.set(name.replace("specimen", "specimen-trailer"), value);
  }
}
