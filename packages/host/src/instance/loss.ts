import { TenonError } from "@tenon/core";
import { findLastWords } from "../diagnose/last-words.js";
import { escapeText } from "../handshake/escape.js";
import type { ExitFacts } from "../launch/exit-facts.js";

/** "exit code 3" or "signal SIGSEGV". */
export function formatExit({ exitCode, signal }: ExitFacts): string {
  if (exitCode === null && signal === null) return "an exit code that only its parent saw";
  return signal === null ? `exit code ${exitCode}` : `signal ${signal}`;
}

/** The error that explains why calls to an instance fail. It becomes the cause of their `ConnectError`s. */
export function createLossError(
  plugin: string,
  instance: string,
  exit: ExitFacts | undefined,
  isStopping: boolean,
  stderrTail: readonly string[],
): TenonError {
  const who = `the plugin "${plugin}" (instance ${instance})`;
  if (isStopping) {
    return new TenonError("session-closed", `${who} was stopped. Start a new instance.`, {
      plugin,
      facts: { instance },
    });
  }
  if (exit === undefined) {
    return new TenonError("session-closed", `${who} closed its connection, or it broke. Start a new instance.`, {
      plugin,
      facts: { instance },
    });
  }
  if (exit.exitCode === null && exit.signal === null && exit.error !== undefined) {
    return new TenonError("plugin-exited", `${who} is gone: ${escapeText(exit.error.message)}.`, {
      plugin,
      cause: exit.error,
      facts: { instance, exitCode: null, signal: null, stderrTail: Object.freeze([...stderrTail]) },
    });
  }
  const words = exit.error?.message ?? findLastWords(stderrTail);
  const said = words === undefined ? "" : ` (${escapeText(words)})`;
  return new TenonError("plugin-exited", `${who} ended with ${formatExit(exit)}${said}. Start a new instance.`, {
    plugin,
    cause: exit.error,
    facts: { instance, exitCode: exit.exitCode, signal: exit.signal, stderrTail: Object.freeze([...stderrTail]) },
  });
}
