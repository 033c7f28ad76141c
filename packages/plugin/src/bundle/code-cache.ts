import { setFlagsFromString } from "node:v8";
import { Script } from "node:vm";

/**
 * Compiles a script, all of it, to what V8 can load in place of compiling it again. Nothing of the script runs. The result is good for
 * the V8 of this process, started with the same flags; another one finds that out and compiles.
 */
export function compileScript(source: string, filename: string): Buffer {
  // What is compiled late otherwise, most of what a start runs, would be missing. The flags are part of the result, but only as they
  // are when it is made.
  setFlagsFromString("--no-lazy");
  let script: Script;
  try {
    script = new Script(source, { filename });
  } finally {
    setFlagsFromString("--lazy");
  }
  return script.createCachedData();
}
