import type { Hello, Reject, Welcome } from "@tenon/core/bind";
import type { AttachCall } from "./attach-call.js";

/** What a greeting needs. */
export interface GreetInit {
  readonly hello: Hello;
  readonly welcomeTimeoutMs: number;
  /** The versions of the contract that are offered. */
  readonly versions: readonly number[];
  /** Answers the host's question about a service. */
  readonly describe: (typeName: string) => string;
  readonly signal: AbortSignal;
}

/** Says Hello and resolves with the answer. Rejects when there is none in time, or the connection fails; the call is destroyed then. */
export async function greet(call: AttachCall, init: GreetInit): Promise<Welcome | Reject> {
  const { hello, welcomeTimeoutMs, signal } = init;
  let failure: Error | undefined;
  const fail = (cause: Error): void => {
    failure ??= cause;
    call.destroy(failure);
  };
  const abort = (): void => fail(asError(signal.reason));
  const late = (): void => fail(new Error(`the host did not answer Hello within ${welcomeTimeoutMs} ms`));
  const timer = setTimeout(late, welcomeTimeoutMs);
  signal.addEventListener("abort", abort, { once: true });
  try {
    if (signal.aborted) abort();
    call.send({ case: "hello", value: hello });
    return await readAnswer(call, init);
  } catch (error) {
    fail(asError(error));
    throw failure ?? error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

async function readAnswer(call: AttachCall, { versions, describe }: GreetInit): Promise<Welcome | Reject> {
  for (;;) {
    const { done, value } = await call.incoming.next();
    if (done === true) throw new Error("the host ended the call without an answer to Hello");
    const { frame } = value;
    switch (frame.case) {
      case "describe": {
        const texts = frame.value.typeNames.map((typeName) => describe(typeName));
        call.send({ case: "description", value: { texts } });
        break;
      }
      case "welcome":
        checkWelcome(frame.value, versions);
        return frame.value;
      case "reject":
        return frame.value;
      default:
        throw new Error(`the host answered Hello with the frame ${String(frame.case)}`);
    }
  }
}

function checkWelcome({ protocol, contractVersion }: Welcome, versions: readonly number[]): void {
  if (protocol !== 1) throw new Error(`the host chose version ${protocol} of the bind protocol, which was not offered`);
  if (versions.includes(contractVersion)) return;
  throw new Error(`the host chose version ${contractVersion} of the contract, which was not offered`);
}

/** What was thrown or aborted with, as an error. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
