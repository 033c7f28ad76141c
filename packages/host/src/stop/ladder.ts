import { Code, ConnectError } from "@connectrpc/connect";
import { settledWithin } from "../async/settle.js";
import type { PluginProcess } from "../launch/plugin-process.js";
import type { StopHow, StopStep } from "./outcome.js";
import type { StopTimeouts } from "./stop-options.js";

/** The process to stop and the ways to reach it. */
export interface LadderSubject {
  readonly process: PluginProcess;
  /** Asks the plugin to end; undefined where there is no connection to ask over. It need not observe the signal. */
  readonly shutdown: ((timeoutMs: number, signal: AbortSignal) => Promise<unknown>) | undefined;
}

/** How far down the ladder went. */
export interface LadderResult {
  readonly how: Extract<StopHow, "shutdown" | "terminated" | "killed" | "detached" | "unkillable">;
  readonly steps: readonly StopStep[];
}

/**
 * Ends a process: asks it, then SIGTERM to its group, then SIGKILL to its group, each with its own time. Resolves when the
 * process was reaped, or `killTimeoutMs` after SIGKILL, or when no signal may be sent (`detached`). Aborting `escalate` goes straight to SIGKILL. Never rejects.
 */
export async function climbDown(
  subject: LadderSubject,
  timeouts: StopTimeouts,
  escalate: AbortSignal,
): Promise<LadderResult> {
  const { process } = subject;
  const steps: StopStep[] = [];
  const takeStep = async (step: StopStep["step"], work: () => Promise<string | undefined>): Promise<boolean> => {
    const startedAt = performance.now();
    const note = await work();
    steps.push({ step, elapsedMs: performance.now() - startedAt, ...(note !== undefined && { note }) });
    return process.exit !== undefined;
  };

  const { shutdown } = subject;
  if (shutdown !== undefined && timeouts.shutdownTimeoutMs > 0 && !escalate.aborted) {
    const hasEnded = await takeStep("shutdown", () =>
      askToShutDown(process, shutdown, timeouts.shutdownTimeoutMs, escalate),
    );
    if (hasEnded) return { how: "shutdown", steps };
  }

  const refusal = process.refusal?.();
  if (refusal !== undefined) {
    steps.push({ step: "sigterm", elapsedMs: 0, note: refusal });
    return { how: "detached", steps };
  }

  if (timeouts.terminateTimeoutMs > 0 && !escalate.aborted) {
    const hasEnded = await takeStep("sigterm", async () => {
      process.signalGroup("SIGTERM");
      process.signalGroup("SIGCONT");
      await settledWithin(process.exited, timeouts.terminateTimeoutMs, escalate);
      return undefined;
    });
    if (hasEnded) return { how: "terminated", steps };
  }

  const hasEnded = await takeStep("sigkill", async () => {
    process.signalGroup("SIGKILL");
    await settledWithin(process.exited, timeouts.killTimeoutMs);
    return undefined;
  });
  return { how: hasEnded ? "killed" : "unkillable", steps };
}

/** Returns a note where the plugin has no such service; then there is nothing to wait for. */
async function askToShutDown(
  process: PluginProcess,
  shutdown: NonNullable<LadderSubject["shutdown"]>,
  timeoutMs: number,
  escalate: AbortSignal,
): Promise<string | undefined> {
  const abort = new AbortController();
  const answer = shutdown(timeoutMs, abort.signal).then(
    () => new Promise<never>(() => {}),
    (error: unknown) => {
      if (isAbsent(error)) return "the plugin has no Shutdown service";
      // Most plugins stop their server at once, so that the answer is lost: only the end of the process counts.
      return new Promise<never>(() => {});
    },
  );
  try {
    const first = await settledWithin(Promise.race([process.exited, answer]), timeoutMs, escalate);
    if (typeof first === "string") return first;
    return first === undefined && !escalate.aborted ? `still running after ${timeoutMs} ms` : undefined;
  } finally {
    abort.abort();
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof ConnectError && error.code === Code.Unimplemented;
}
