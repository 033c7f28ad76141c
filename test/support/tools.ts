import { spawnSync } from "node:child_process";

/**
 * Whether a command can be run, as the `skip` option of a test: false when it can, else the sentence to show.
 * With `CI=true` a missing tool is an error, since a test that is never run proves nothing.
 */
export function skipWithout(command: string, args: readonly string[] = ["--version"]): false | string {
  const { error, status } = spawnSync(command, args, { stdio: "ignore" });
  if (error === undefined && status === 0) return false;
  const sentence = `${command} is not installed`;
  if (process.env["CI"] === "true") throw new Error(`${sentence}, and CI=true wants every tool present`);
  return sentence;
}
