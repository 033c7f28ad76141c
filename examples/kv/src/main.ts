// npm start: a host in TypeScript runs plugins in TypeScript and in Go, and prints what they did in one table.
import { inspect } from "node:util";
import { isTenonError } from "@tenon/core";
import { runStory } from "./story/run-story.js";

const abort = new AbortController();
let exitCodeOfSignal = 0;
for (const [signal, exitCode] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  process.on(signal, () => {
    exitCodeOfSignal ||= exitCode;
    abort.abort();
  });
}

/** Shows a line that the next one replaces, for people only. */
function progress(sentence: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${sentence}`);
}

try {
  const unchanged = await runStory(abort.signal, progress);
  process.exitCode = unchanged ? 0 : 1;
} catch (error) {
  progress("");
  if (abort.signal.aborted) {
    console.error("Stopped; nothing was left behind.");
    process.exitCode = exitCodeOfSignal;
  } else {
    console.error((error as Error).message);
    if (isTenonError(error)) console.error(inspect(error.facts));
    process.exitCode = 1;
  }
}
