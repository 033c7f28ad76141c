// Runs one area of the suite over a launcher with a fault: PLANTED_FAULT and PLANTED_AREA name them.
import { fromJson, type Message, toJson, type DescMessage } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport, type UnaryResponse } from "@connectrpc/connect";
import type { Piece } from "../gen/tenon/testkit/v1/specimen_pb.js";
import { launcherCompliance } from "./launcher-compliance.js";
import { memoryRig, type MemoryRigFaults } from "./memory-rig.testing.js";

type Unary = Transport["unary"];
type Stream = Transport["stream"];
type UnaryAnswer = UnaryResponse;

/** Something that goes wrong in a launcher. */
export type FaultName = keyof typeof faults;

/** A transport whose calls go another way. */
function rerouted(unary: (next: Unary) => Unary, stream: (next: Stream) => Stream = (next) => next) {
  return (transport: Transport): Transport => ({
    unary: unary(transport.unary.bind(transport)),
    stream: stream(transport.stream.bind(transport)),
  });
}

function changeErrors(change: (error: ConnectError) => ConnectError) {
  return rerouted((next) => async (...call) => {
    try {
      return await next(...call);
    } catch (error) {
      throw change(ConnectError.from(error));
    }
  });
}

/** Every hundredth answer is the one before. */
function crossAnswers(): (next: Unary) => Unary {
  let count = 0;
  let last: UnaryAnswer | undefined;
  return (next) =>
    (async (...call: Parameters<Unary>) => {
      const answer: UnaryAnswer = await next(...call);
      if ((answer.message as Partial<Piece>).number === undefined) return answer;
      const given = ++count % 100 === 0 ? (last ?? answer) : answer;
      last = answer;
      return given;
    }) as Unary;
}

function throughJson(desc: DescMessage, message: Message): Message {
  return fromJson(desc, JSON.parse(JSON.stringify(toJson(desc, message))));
}

const faults = {
  none: {},
  "crosses answers": { transport: rerouted(crossAnswers()) },
  "calls twice": {
    transport: rerouted((next) => async (...call) => {
      await next(...call);
      return next(...call);
    }),
  },
  "loses details": { transport: changeErrors(({ rawMessage, code }) => new ConnectError(rawMessage, code)) },
  "knows one code": { transport: changeErrors(({ rawMessage }) => new ConnectError(rawMessage, Code.Unknown)) },
  "keeps aborts to itself": {
    transport: rerouted(
      (next) => (method, signal, timeoutMs, header, input, values) =>
        Promise.race([next(method, undefined, timeoutMs, header, input, values), aborted(signal)]),
      (next) => async (method, signal, timeoutMs, header, input, values) => {
        const answer = await next(method, undefined, timeoutMs, header, input, values);
        return { ...answer, message: untilAborted(answer.message, signal) };
      },
    ),
  },
  "reads ahead": {
    transport: rerouted(
      (next) => next,
      (next) =>
        async (...call) => {
          const answer = await next(...call);
          return { ...answer, message: readAhead(answer.message) };
        },
    ),
  },
  "sends JSON": {
    transport: rerouted((next) => async (...call) => {
      const answer = await next(...call);
      return { ...answer, message: throughJson(call[0].output, answer.message) as typeof answer.message };
    }),
  },
  "stops at once": { isAbrupt: true },
  "does not say why": { isSilent: true },
  "leaves timers": { open: () => void setTimeout(() => {}, 7000) },
} satisfies Record<string, MemoryRigFaults>;

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const give = () => reject(new ConnectError("aborted", Code.Canceled));
    if (signal?.aborted === true) give();
    else signal?.addEventListener("abort", give, { once: true });
  });
}

async function* untilAborted<T>(answers: AsyncIterable<T>, signal: AbortSignal | undefined): AsyncGenerator<T> {
  const iterator = answers[Symbol.asyncIterator]();
  for (;;) {
    const next = await Promise.race([iterator.next(), aborted(signal)]);
    if (next.done === true) return;
    yield next.value;
  }
}

/** Takes every answer as soon as it comes, whether or not anybody wants it. */
async function* readAhead<T>(answers: AsyncIterable<T>): AsyncGenerator<T> {
  const all: T[] = [];
  for await (const answer of answers) all.push(answer);
  yield* all;
}

const fault = process.env["PLANTED_FAULT"] as FaultName;
launcherCompliance(memoryRig(faults[fault]), { areas: [process.env["PLANTED_AREA"] ?? ""], timeoutMs: 8000 });
