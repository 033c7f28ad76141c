import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildGo } from "@tenon/example-kv/go";
import type { RunOptions } from "./group.js";

/** Every Go program of the benchmarks, and the module that holds them. */
export const goPrograms = {
  module: fileURLToPath(new URL("../../rivals/go", import.meta.url)),
  packages: ["./kv-client", "./kv-plugin", "./load-client", "./load-plugin", "./pie-kv", "./start-client"],
};

/** The command of a program in TypeScript: its path from here, without ending. */
export function nodeProgram(script: string): readonly string[] {
  return [process.execPath, fileURLToPath(new URL(`../${script}.js`, import.meta.url))];
}

/** Paths of the Go programs by name; undefined without Go, upon which the rows named are said to be left out. */
export async function findGoPrograms(
  { signal, say }: RunOptions,
  rowsWithGo: string,
): Promise<((program: string) => string) | undefined> {
  say("building the Go programs, which takes a while the first time");
  const { folder, missing } = await buildGo({ ...goPrograms, signal });
  if (folder !== undefined) return (program) => join(folder, program);
  say(`rows ${rowsWithGo} ${missing}`);
  return undefined;
}
