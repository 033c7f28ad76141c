import { fileURLToPath } from "node:url";

/** The command that runs the compiled program of this name in test/fixtures. */
export function fixture(name: string, ...args: string[]): [string, ...string[]] {
  return [process.execPath, fileURLToPath(new URL(`../fixtures/${name}.js`, import.meta.url)), ...args];
}
