import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** A process that is or wants to be bound. */
export interface BoundProcess {
  readonly child: ChildProcess;
  /** Exit code and signal once it has ended, and what it has printed on standard error. */
  readonly ended: Promise<readonly [number | null, NodeJS.Signals | null, string]>;
}

/** Starts a program that binds itself to the host at the address. It ends with the test at the latest. */
export function startBound(
  t: { after(stop: () => Promise<void>): void },
  {
    command,
    env,
  }: { readonly command: readonly [string, ...string[]]; readonly env: Readonly<Record<string, string>> },
  address: string,
  more: Readonly<Record<string, string>> = {},
): BoundProcess {
  const [file, ...args] = command;
  const child = spawn(file, [...args, address], {
    env: { ...process.env, ...env, ...more },
    stdio: ["ignore", "inherit", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const closed = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  const ended = closed.then(([code, signal]) => [code, signal, stderr] as const);
  t.after(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill();
    let isLate = false;
    const late = setTimeout(() => {
      isLate = true;
      child.kill("SIGKILL");
    }, 20_000);
    const [, , words] = await ended;
    clearTimeout(late);
    assert.ok(!isLate, `it did not end by SIGTERM; ${words}`);
  });
  return { child, ended };
}
