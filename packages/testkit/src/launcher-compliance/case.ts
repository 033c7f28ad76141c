import { Code, ConnectError } from "@connectrpc/connect";
import { isTenonError, type TenonError } from "@tenon/core";
import type { Facts } from "../gen/tenon/testkit/v1/specimen_pb.js";
import type { SpecimenHostService } from "../specimen/create-specimen-host.js";
import { eventually } from "../timing.js";
import type { LauncherCapability, RigRequest, RigSession } from "./rig.js";

/** What a case has to work with. */
export interface Bench {
  readonly session: RigSession;
  readonly client: RigSession["client"];
  readonly host: SpecimenHostService;
  readonly long: boolean;
  /** For tasks whose facts the case wants to see: nobody else uses it, also where instances share a module's state. */
  readonly tag: string;
  /** Whether the launcher has something that a case can do without. */
  readonly has: (capability: LauncherCapability) => boolean;
  /** Starts another instance, which ends with the case. */
  readonly open: (request?: Partial<RigRequest>) => Promise<RigSession>;
  /** Says something about the case in the output of the suite. */
  readonly say: (sentence: string) => void;
}

/** One thing that has to hold for every launcher. */
export interface LauncherCase {
  readonly what: string;
  /** Without one of these the case is skipped, with the rig's reason. */
  readonly needs?: readonly LauncherCapability[];
  /** What the first instance is asked for. */
  readonly request?: Partial<RigRequest>;
  /** How many times as long as others the case may take. Default 1. */
  readonly patience?: number;
  readonly run: (bench: Bench) => Promise<void>;
}

/** Cases about one subject. */
export interface LauncherArea {
  readonly name: string;
  readonly cases: readonly LauncherCase[];
}

/** Waits until what was seen under the case's tag fulfils a condition. */
export async function untilFacts({ client, tag }: Bench, condition: (facts: Facts) => boolean): Promise<Facts> {
  let last: Facts | undefined;
  const what = "the state of the handlers";
  try {
    return await eventually(
      async () => {
        last = await client.look({ tag });
        return condition(last) ? last : undefined;
      },
      { what, timeoutMs: 5000 },
    );
  } catch (error) {
    const facts = JSON.stringify(last, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
    throw new Error(`${(error as Error).message}; last seen: ${facts}`, { cause: error });
  }
}

/** The value of a counter that has come to rest. */
export async function settled(count: () => Promise<number> | number): Promise<number> {
  await eventually(async () => (await count()) > 0);
  for (let before = await count(); ; ) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const after = await count();
    if (after === before) return before;
    before = after;
  }
}

/** The error of a call that has to fail because its instance is gone, with the reason as a cause of Tenon's. */
export async function lostCall(call: Promise<unknown>): Promise<TenonError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ConnectError))
    throw new Error(`the call ended with ${String(error)}, not with a ConnectError`);
  // A call whose answer had begun says Aborted: it was executed for certain.
  if (error.code !== Code.Unavailable && error.code !== Code.Aborted)
    throw new Error(`the call failed with ${Code[error.code]}: ${error.message}`, { cause: error });
  if (!isTenonError(error.cause)) throw new Error("the error has no cause of Tenon's", { cause: error });
  return error.cause;
}

/** Reads a stream of answers to its end and counts them. */
export async function drain(answers: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of answers) count++;
  return count;
}
