import { Code, ConnectError } from "@connectrpc/connect";
import type { Hello } from "@tenon/core/bind";
import { settledWithin } from "../async/settle.js";
import type { BoundLink } from "./bound-link.js";
import type { Admit, BindAdmission, BindFacts, BindRefusal } from "./facts.js";
import { isRefusal } from "./facts.js";
import type { FrameReader } from "./frame-reader.js";
import { hostFrames } from "./frames.js";
import { findHelloProblem, type HelloRefusal } from "./hello.js";
import { compareDescriptions, type ContractMatch, isNoMatch, type MatchContract } from "./match-contract.js";

/** What decides about a plugin that says Hello. */
export interface Greeting {
  readonly frames: FrameReader;
  readonly link: BoundLink;
  readonly timeoutMs: number;
  readonly connection: Pick<BindFacts, "certificate" | "remote">;
  readonly matchContract: MatchContract;
  readonly admit: Admit;
  /** Told of what `admit` threw. */
  readonly onFault: (error: unknown) => void;
}

/** A plugin that may bind, as far as that can be told without looking at who is bound already. */
export interface Greeted {
  readonly hello: Hello;
  readonly match: ContractMatch;
  readonly admission: BindAdmission;
}

/** A plugin that may not, and what is known of it. */
export interface TurnedAway {
  readonly refusal: HelloRefusal;
  readonly hello: Hello | undefined;
}

const late: HelloRefusal = { code: "hello-late", reason: "no Hello came in time" };

/** Reads the Hello and decides. Rejects where the connection ends meanwhile. */
export async function greet(greeting: Greeting): Promise<Greeted | TurnedAway> {
  const { frames, timeoutMs, connection, matchContract, link } = greeting;
  const startedAt = performance.now();
  const leftMs = () => Math.max(0, timeoutMs - (performance.now() - startedAt));
  const first = await frames.nextWithin(leftMs()).catch(asMalformed);
  if (first === undefined) return { refusal: late, hello: undefined };
  if ("code" in first) return { refusal: first, hello: undefined };
  const frame = first.done === true ? undefined : first.value.frame;
  if (frame?.case !== "hello") {
    const refusal = { code: "hello-malformed", reason: "the first frame has to be Hello", field: "hello" } as const;
    return { refusal, hello: undefined };
  }
  const hello = frame.value;
  const problem = findHelloProblem(hello);
  if (problem !== undefined) return { refusal: problem, hello };
  const match = matchContract(hello);
  const facts: BindFacts = {
    plugin: hello.plugin,
    version: hello.version,
    instance: hello.instance,
    epoch: Number(hello.epoch),
    contract: isNoMatch(match) ? hello.contract : match.contract.name,
    hostServices: Object.freeze([...hello.hostServices]),
    token: hello.token,
    certificate: connection.certificate,
    remote: connection.remote,
  };
  const verdict = await decide(greeting, Object.freeze(facts), leftMs());
  if (isRefusal(verdict)) return { refusal: verdict, hello };
  // Only who may come is told what the host wants.
  if (isNoMatch(match)) return { refusal: match, hello };
  if (match.doubtful.length > 0) {
    link.send(hostFrames.describe(match.doubtful.map(({ typeName }) => typeName)));
    const answer = await frames.nextWithin(leftMs());
    const texts =
      answer?.done !== true && answer?.value.frame.case === "description" ? answer.value.frame.value.texts : [];
    const refusal = compareDescriptions(match, texts);
    if (refusal !== undefined) return { refusal, hello };
  }
  return { hello, match, admission: verdict };
}

/** Whether a plugin was turned away. */
export function isTurnedAway(greeted: Greeted | TurnedAway): greeted is TurnedAway {
  return "refusal" in greeted;
}

/** Bytes that are no frame; what fails otherwise is the connection, and thrown on. */
function asMalformed(error: unknown): HelloRefusal {
  const { code, rawMessage } = ConnectError.from(error);
  if (code !== Code.Internal) throw error;
  return { code: "hello-malformed", reason: `what came is no Hello: ${rawMessage}`, field: "hello" };
}

async function decide(
  { admit, onFault }: Greeting,
  facts: BindFacts,
  timeoutMs: number,
): Promise<BindRefusal | BindAdmission> {
  try {
    const verdict = await settledWithin(Promise.resolve(admit(facts)), timeoutMs);
    if (verdict === undefined) throw new Error(`admit did not decide within helloTimeoutMs`);
    if (verdict === false) return { code: "not-admitted", reason: "the host does not admit this plugin" };
    return verdict === true ? {} : verdict;
  } catch (error) {
    onFault(error);
    return { code: "internal", reason: "the host could not decide whether to admit the plugin; its log says why" };
  }
}
