import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const grpcio = "1.85.1";
/** Seen from test/dist/conformance/peers. */
const folder = fileURLToPath(new URL("../../../conformance", import.meta.url));
const run = promisify(execFile);

/** A Python that has grpcio, or the sentence that says why there is none. */
export type FoundPython =
  | { readonly python: string; readonly missing?: never }
  | { readonly python?: never; readonly missing: string };

/** Path of a program in test/conformance/python. */
export function pythonProgram(name: string): string {
  return join(folder, "python", name);
}

/**
 * Makes, once, a virtual environment with grpcio in test/conformance/.cache. Resolves with `missing` where there is no
 * python3 or the package cannot be fetched; with `CI=true` it rejects instead.
 */
export async function findGrpcPython(): Promise<FoundPython> {
  const cache = join(folder, ".cache");
  const home = join(cache, `python-grpcio-${grpcio}`);
  const python = join(home, "bin", "python");
  if (existsSync(python)) return { python };
  const making = `${home}-making-${process.pid}`;
  try {
    await mkdir(cache, { recursive: true });
    await run("python3", ["-m", "venv", making]);
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"];
    await run(join(making, "bin", "python"), [...pip, `grpcio==${grpcio}`], { timeout: 120_000 });
    // Another test file may have been faster; a virtual environment works under the name it was given last.
    await rename(making, home).catch((error: unknown) => {
      if (!existsSync(python)) throw error;
    });
    return { python };
  } catch (error) {
    if (process.env["CI"] === "true") throw error;
    const reason = (error as Error).message.split("\n")[0];
    return { missing: `no python3 with grpcio ${grpcio}: ${reason}` };
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}
