import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

/** What a peer's program says about one of its checks. */
export interface PeerCheck {
  readonly check: string;
  /** Empty when the check passed. */
  readonly error: string;
}

/**
 * Runs a peer's program, which prints a line of JSON for each of its checks, and returns them. Fails when the program
 * does, when it takes longer than 60 s, or when it prints none.
 */
export async function runPeer(command: readonly string[], env: Record<string, string> = {}): Promise<PeerCheck[]> {
  const [file, ...args] = command as [string, ...string[]];
  const child = spawn(file, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
  const closed = once(child, "close");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code, signal] = (await closed) as [number | null, string | null];
  assert.equal(code, 0, `${file} ended with ${code ?? signal}:\n${stdout}\n${stderr}`);
  const checks = stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as PeerCheck);
  assert.notEqual(checks.length, 0, `${file} checked nothing:\n${stderr}`);
  return checks;
}
