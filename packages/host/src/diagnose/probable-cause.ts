import type { ErrorCode } from "@tenon/core";
import { escapeText } from "../handshake/escape.js";
import { signalOfShellCode } from "../launch/host-process.js";

/** What is known about a start that failed. */
export interface Evidence {
  readonly code: ErrorCode;
  /** How the process ended by itself; both null where it did not. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stderrTail: readonly string[];
  /** Beginning of its standard output. */
  readonly stdoutHead: string;
  readonly cookieKey: string;
}

/** One thing that stops plugins from starting, and how it shows. */
interface Symptom {
  /** Text on standard error that gives it away; `{1}` in the sentence stands for its first group. */
  readonly stderr: RegExp;
  readonly sentence: string;
}

const symptoms: readonly Symptom[] = [
  {
    stderr: /error while loading shared libraries: ([^:]+):/,
    sentence: "The shared library {1} is missing on this system. Install it, or link the plugin statically.",
  },
  {
    stderr: /version `(GLIBC[^']*)' not found/,
    sentence:
      "The plugin was linked against a newer C library ({1}) than this system has. Build it on an older system.",
  },
  {
    stderr: /Cannot find (?:module|package) '([^']+)'/,
    sentence:
      "Node did not find the module {1}. Build the plugin or install its packages, and check the working directory.",
  },
  {
    stderr: /ModuleNotFoundError: No module named '([^']+)'/,
    sentence: "Python did not find the module {1}. Install the plugin's packages into the interpreter that runs it.",
  },
  {
    stderr: /Unknown file extension "([^"]+)"/,
    sentence: "This Node cannot run {1} files by itself. Compile the plugin, or start it through a loader.",
  },
  {
    stderr: /no such file or directory, open '([^']+)'|can't open file '?([^':]+)'?/,
    sentence: "The plugin could not open {1}. Check the path and the working directory.",
  },
  {
    stderr: /\b(?:EADDRINUSE|address already in use)\b/i,
    sentence: "A port or socket that the plugin wants is in use. Stop what holds it, or let the plugin choose another.",
  },
  {
    stderr: /JavaScript heap out of memory|\bENOMEM\b|cannot allocate memory|fatal error: runtime: out of memory/i,
    sentence: "The plugin ran out of memory. Raise its limit or the machine's memory.",
  },
  {
    stderr: /\bENOSPC\b|no space left on device/i,
    sentence: "A disk is full. Free space where the plugin writes, its temporary directory above all.",
  },
  {
    stderr: /\b(?:EMFILE|too many open files)\b/i,
    sentence: "The limit on open files was reached. Raise it (ulimit -n).",
  },
  {
    stderr: /(?:^|: |: line \d+: )([^\s:]+): (?:command )?not found/,
    sentence: "A shell did not find the command {1}. Install it, or check the PATH that the plugin gets.",
  },
  {
    stderr: /\b(?:EACCES|permission denied)\b/i,
    sentence: "The system denied the plugin access to something it needs. Its stderr says what.",
  },
  { stderr: /^(panic: .*|fatal error: .*)/, sentence: "The plugin's Go code crashed: {1}" },
  { stderr: /^(?:Uncaught )?((?:[\w$.]*Error|[\w$.]*Exception)\b.*)/, sentence: "The plugin's code failed: {1}" },
];

const cookieRefusal =
  /not meant to be executed directly|magic cookie|not started by (?:its|a) host|started by its host/i;

/** Whether the plugin ended because it did not find the cookie it expects: code 1, nothing on stdout, and it says so. */
export function isCookieRefusal(evidence: Omit<Evidence, "code" | "cookieKey">): boolean {
  const { exitCode, stdoutHead, stderrTail } = evidence;
  return exitCode === 1 && stdoutHead === "" && stderrTail.some((line) => cookieRefusal.test(line));
}

/**
 * The most likely reason of a failed start in one or two sentences, with what to do next. Undefined where the evidence
 * says no more than the error's code.
 */
export function findProbableCause(evidence: Evidence): string | undefined {
  const { code, exitCode, signal, stderrTail } = evidence;
  if (code === "cookie-mismatch") {
    return (
      `The plugin did not accept the cookie ${evidence.cookieKey}. ` +
      "Give host and plugin the same contract; most often this is another application's plugin."
    );
  }
  if (code === "handshake-malformed") return malformedCause(evidence.stdoutHead);
  const symptom = findSymptom(stderrTail);
  if (symptom !== undefined) return symptom;
  if (signal !== null) return signalCause(signal);
  const shellSignal = exitCode === null ? undefined : signalOfShellCode(exitCode);
  if (shellSignal !== undefined) return signalCause(shellSignal);
  if (exitCode === 127)
    return "Exit code 127 of a shell: a command was not found. Check the PATH that the plugin gets.";
  if (exitCode === 126) return "Exit code 126 of a shell: a command was found but could not be run.";
  if (exitCode === 0) {
    return "The program ended normally without serving. Check that it is a plugin, and that it waits for its server to end.";
  }
  if (code === "start-timeout" && stderrTail.length === 0 && evidence.stdoutHead === "") {
    return "The program runs but prints nothing. Check that it is a plugin; raise startTimeoutMs if it is only slow.";
  }
  return undefined;
}

function findSymptom(stderrTail: readonly string[]): string | undefined {
  for (const { stderr, sentence } of symptoms) {
    for (const line of stderrTail) {
      const match = stderr.exec(line);
      if (match === null) continue;
      return sentence.replace("{1}", () => escapeText(match[1] ?? match[2] ?? ""));
    }
  }
  return undefined;
}

function signalCause(signal: string): string {
  switch (signal) {
    case "SIGKILL":
      return "Something else killed the plugin; most often the system did, for want of memory.";
    case "SIGSEGV":
    case "SIGBUS":
    case "SIGABRT":
    case "SIGFPE":
      return `The plugin crashed in native code (${signal}). Look at its stderr or a core dump.`;
    case "SIGILL":
      return "The plugin uses instructions that this processor lacks. Build it for an older processor.";
    case "SIGSYS":
      return "A sandbox refused a system call of the plugin.";
    default:
      return `Something else ended the plugin with ${signal}.`;
  }
}

function malformedCause(stdoutHead: string): string {
  if (/^\d+\|\d+\|/.test(stdoutHead))
    return "The line looks like a handshake but is damaged. Update the plugin's library.";
  return (
    "The plugin, or something it runs, prints to standard output before the handshake. " +
    "Send that text to standard error, and check that the program is a plugin."
  );
}
