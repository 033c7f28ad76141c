import type { ChildProcess } from "node:child_process";
import { TenonError } from "@tenon/core";
import type { Logger } from "../../log/logger.js";
import { type ChildExit, describeExit } from "./child-exit.js";
import { readLines } from "./output-lines.js";

/** What a handshake needs to know of the program. */
export interface HandshakeInit {
  readonly command: readonly [string, ...string[]];
  readonly startTimeoutMs: number;
  readonly logger: Logger;
}

/** Resolves with the first line that a program prints; what it prints behind that goes to the log. */
export async function readHandshake(
  process: ChildProcess,
  exited: Promise<ChildExit>,
  { command, startTimeoutMs, logger }: HandshakeInit,
  tail: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const shown = command.join(" ");
  let timer: NodeJS.Timeout | undefined;
  let abort = (): void => {};
  try {
    return await new Promise<string>((resolve, reject) => {
      abort = () => reject(signal.reason);
      signal.addEventListener("abort", abort);
      if (signal.aborted) abort();
      timer = setTimeout(() => {
        const why = `The plugin ${shown} did not shake hands within ${startTimeoutMs} ms.`;
        reject(new TenonError("start-timeout", why, { facts: { startTimeoutMs } }));
      }, startTimeoutMs);
      process.once("error", (cause: NodeJS.ErrnoException) => reject(spawnError(shown, cause)));
      void exited.then(({ code, signal: by }) => {
        const how = describeExit({ code, signal: by });
        const said = tail.length === 0 ? "It wrote nothing to standard error." : `It wrote last: ${tail.join(" | ")}`;
        const why = `The plugin ${shown} ended with ${how} before it had shaken hands. ${said}`;
        reject(new TenonError("exited-before-handshake", why, { facts: { exitCode: code, signal: by } }));
      });
      let isFirst = true;
      readLines(process.stdout!, (line) => {
        if (isFirst) resolve(line);
        else if (line.trim() !== "") logger.info(line, { stream: "stdout" });
        isFirst = false;
      });
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

function spawnError(shown: string, cause: NodeJS.ErrnoException): TenonError {
  const codes = { ENOENT: "executable-not-found", EACCES: "executable-not-runnable" } as const;
  const code = cause.code === "ENOENT" || cause.code === "EACCES" ? codes[cause.code] : "spawn-failed";
  return new TenonError(code, `The plugin ${shown} cannot be started: ${cause.message}.`, { cause });
}
