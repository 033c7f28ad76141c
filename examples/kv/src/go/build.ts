import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { findGo } from "./find.js";

/** What to build: main packages as seen from a Go module. */
export interface GoBuild {
  /** The folder that holds `go.mod`. */
  readonly module: string;
  /** Import paths (`github.com/…/cmd`) or paths inside the module (`./cmd`). */
  readonly packages: readonly string[];
  /** Stops the compiler and everything it started; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Go programs, or the sentence that says why there are none. */
export type GoPrograms =
  | { readonly folder: string; readonly missing?: never }
  | { readonly folder?: never; readonly missing: string };

const flags = ["-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"];
const variables = { CGO_ENABLED: "0", GOWORK: "off" };

/**
 * Builds Go programs into `<module>/.cache/<fingerprint>/`, each named after the last element of its package. The same
 * sources, packages and Go version are built once. Several processes may call this at the same time: the folder
 * appears whole or not at all.
 *
 * Resolves with `missing` where no usable `go` is found, but rejects instead when `CI=true`, since there a missing tool
 * would silently skip what ought to be tested. Rejects with an `Error` that holds the compiler's words when it fails.
 */
export async function buildGo(build: GoBuild): Promise<GoPrograms> {
  const go = await findGo(build.module, build.signal);
  if (go.version === undefined) {
    if (process.env["CI"] === "true") throw new Error(`${go.missing} (with CI=true that is a failure)`);
    return { missing: `skipped: ${go.missing}` };
  }
  const name = await fingerprint(build, go.version);
  const cache = join(build.module, ".cache");
  const folder = join(cache, name);
  if (existsSync(folder)) return { folder };

  await mkdir(cache, { recursive: true });
  await removeLeftovers(cache);
  const making = await mkdtemp(join(cache, `making-${process.pid}-`));
  try {
    const output = join(making, "programs");
    const temporary = join(making, "tmp");
    await mkdir(output);
    await mkdir(temporary);
    await runGo(["build", ...flags, "-o", output, ...build.packages], { GOTMPDIR: temporary }, build);
    await rename(output, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error; // Else another builder was faster, with the same programs.
    });
    return { folder };
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}

/** Names everything that the programs are made from. */
async function fingerprint(build: GoBuild, version: string): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify([version, process.arch, flags, build.packages]));
  const files = await readdir(build.module, { recursive: true });
  for (const file of files.filter((file) => /^(?!\.cache).*(\.go|go\.mod|go\.sum)$/.test(file)).sort()) {
    hash.update(`\0${file}\0`).update(await readFile(join(build.module, file)));
  }
  return hash.digest("hex").slice(0, 16);
}

/** Removes what builders that no longer run were unable to remove. */
async function removeLeftovers(cache: string): Promise<void> {
  for (const entry of await readdir(cache)) {
    const pid = /^making-(\d+)-/.exec(entry)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(cache, entry), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Runs `go` in a process group of its own, so that stopping it stops its compilers too. */
async function runGo(args: readonly string[], env: Record<string, string>, build: GoBuild): Promise<void> {
  const { module, signal } = build;
  signal?.throwIfAborted();
  const child = spawn("go", args, {
    cwd: module,
    env: { ...process.env, ...variables, ...env },
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  const kill = (how: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, how);
    } catch {
      // The group has ended meanwhile.
    }
  };
  let force: NodeJS.Timeout | undefined;
  const stop = () => {
    kill("SIGINT");
    force = setTimeout(kill, 2000, "SIGKILL");
  };
  signal?.addEventListener("abort", stop, { once: true });
  try {
    let words = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      words = (words + chunk).slice(-8192);
    });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject).once("close", resolve);
    });
    signal?.throwIfAborted();
    if (code !== 0) throw new Error(`go ${args[0]} failed in ${module} (exit code ${code}):\n${words.trim()}`);
  } finally {
    signal?.removeEventListener("abort", stop);
    clearTimeout(force);
  }
}
