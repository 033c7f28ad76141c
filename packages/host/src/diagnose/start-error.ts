import { type ErrorCode, errorCodes, isTenonError, TenonError } from "@tenon/core";
import { escapeText } from "../handshake/escape.js";
import { findSetprivFailure } from "../launch/parent-death.js";
import type { ExitFacts } from "../launch/exit-facts.js";
import { findTellingLines } from "./last-words.js";
import { inspectExecutable, type Machine } from "./inspect-executable.js";
import { findProbableCause, isCookieRefusal } from "./probable-cause.js";

/** Facts of every error that `Host.start` fails with once its arguments were found valid. Found in `TenonError.facts`. */
export interface StartFacts {
  /** The command and its arguments as given. */
  readonly command: readonly string[];
  /** The file that the command was resolved to. */
  readonly file?: string;
  /** Id of the process, where one was started. It is gone when the error arrives. */
  readonly pid?: number;
  /** Exit code, if the plugin ended by itself; null where a signal ended it or the host did. */
  readonly exitCode: number | null;
  /** Signal that ended it, unless the host sent it. */
  readonly signal: string | null;
  /** Last lines on standard error as the plugin wrote them, oldest first. */
  readonly stderrTail: readonly string[];
  /** Beginning of its first line on standard output, control characters escaped; absent where it wrote nothing. */
  readonly stdoutLine?: string;
  /** Milliseconds from the call of `start` to the failure. */
  readonly elapsedMs: number;
  /** Most likely reason and what to do next, as one or two sentences. */
  readonly probableCause: string;
}

/** What the start knows when it fails. */
export interface StartFailure {
  readonly fault: unknown;
  readonly plugin: string;
  readonly cookieKey: string;
  readonly command: readonly string[];
  readonly file: string | undefined;
  readonly pid: number | undefined;
  /** How the process ended by itself, not through the host. */
  readonly exit: ExitFacts | undefined;
  readonly stderrTail: readonly string[];
  readonly stdoutHead: string;
  readonly elapsedMs: number;
  readonly machine: Machine;
}

/** Codes that only say that it did not work: looking at the file itself may say more. */
const vagueCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "spawn-failed",
  "exited-before-handshake",
  "stdout-closed",
  "executable-not-runnable",
]);

const maxMessageStderrLines = 5;

/** Turns whatever a start failed with into one TenonError that carries {@link StartFacts}. */
export async function createStartError(failure: StartFailure): Promise<TenonError> {
  const { plugin, stdoutHead, file } = failure;
  const { fault, exit, stderrTail } = withoutSetpriv(failure);
  const { exitCode, signal } = exit ?? { exitCode: null, signal: null };
  const evidence = { exitCode, signal, stderrTail, stdoutHead };
  const blamed = fileOf(fault) ?? file;
  let code: ErrorCode = isTenonError(fault) ? fault.code : "spawn-failed";
  let found: string | undefined;

  if (code === "exited-before-handshake" && isCookieRefusal(evidence)) {
    code = "cookie-mismatch";
  } else if (vagueCodes.has(code) && stdoutHead === "" && blamed !== undefined && mayBeTheFile(code, exit)) {
    const fileFault = await inspectExecutable(blamed, failure.machine);
    if (fileFault !== undefined) code = fileFault.code;
    found = fileFault?.sentence;
  }
  found ??= findProbableCause({ ...evidence, code, cookieKey: failure.cookieKey });
  const { meaning, nextStep } = errorCodes[code];

  const facts: StartFacts = {
    command: Object.freeze([...failure.command]),
    ...(file !== undefined && { file }),
    ...(failure.pid !== undefined && { pid: failure.pid }),
    exitCode,
    signal,
    stderrTail: Object.freeze([...stderrTail]),
    ...(stdoutHead !== "" && { stdoutLine: escapeText(stdoutHead, 500) }),
    elapsedMs: failure.elapsedMs,
    probableCause: found ?? `${meaning} ${nextStep}`,
  };
  return new TenonError(code, formatMessage(plugin, messageOf(fault), found ?? nextStep, facts), {
    plugin,
    facts: { ...(isTenonError(fault) ? fault.facts : {}), ...facts },
    cause: isTenonError(fault) && fault.cause !== undefined ? fault.cause : fault,
  });
}

/** What `setpriv` says about a file that it could not run is what the system says to a host that runs it directly. */
function withoutSetpriv(failure: StartFailure): Pick<StartFailure, "fault" | "exit" | "stderrTail"> {
  const { exit, stderrTail, file } = failure;
  const reason = findSetprivFailure(exit?.exitCode ?? null, stderrTail);
  if (reason === undefined) return failure;
  const fault = new TenonError("spawn-failed", `the system refused to start ${file} (${reason})`);
  return { fault, exit: undefined, stderrTail: [] };
}

/** A process that went on to say or do something of its own was a program this machine can run. */
function mayBeTheFile(code: ErrorCode, exit: ExitFacts | undefined): boolean {
  return code !== "exited-before-handshake" || (exit !== undefined && exit.exitCode !== 0);
}

function fileOf(fault: unknown): string | undefined {
  const file = isTenonError(fault) ? fault.facts["file"] : undefined;
  return typeof file === "string" ? file : undefined;
}

function messageOf(fault: unknown): string {
  const message = fault instanceof Error ? fault.message : String(fault);
  return message.replace(/^The /, "the ").replace(/\.$/, "");
}

function formatMessage(plugin: string, what: string, advice: string, facts: StartFacts): string {
  const command = facts.command.map((part) => escapeText(part)).join(" ");
  const lines = [`The plugin "${plugin}" (${command}) did not start: ${what}.`];
  // Several sentences hold their own advice.
  if (facts.probableCause === advice) lines.push(`Probable cause: ${advice}`);
  else if (!what.includes(". ")) lines.push(`Next step: ${advice}`);
  if (facts.stdoutLine !== undefined) lines.push(`First output: ${facts.stdoutLine.slice(0, 200)}`);
  for (const line of findTellingLines(facts.stderrTail, maxMessageStderrLines))
    lines.push(`stderr: ${escapeText(line)}`);
  return lines.join("\n");
}

/** The facts of an error that `Host.start` failed with; undefined for any other value. */
export function startFactsOf(error: unknown): StartFacts | undefined {
  if (!isTenonError(error) || typeof error.facts["probableCause"] !== "string") return undefined;
  return error.facts as unknown as StartFacts;
}
