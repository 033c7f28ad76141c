import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** Seen from test/dist/conformance/peers. */
const root = fileURLToPath(new URL("../../../..", import.meta.url));
/** Where everything that is built for these tests lies. Git does not look into it. */
export const cache = join(root, "test", "conformance", ".cache");
const run = promisify(execFile);

/** Something to build from files of this repository with tools of another language. */
export interface Build {
  /** Begins the name of the folder. */
  readonly name: string;
  /** Programs that it takes, each with the arguments that make it tell its version. */
  readonly tools: readonly (readonly [string, ...string[]])[];
  /** Files and folders, as seen from the root of the repository. */
  readonly inputs: readonly string[];
  /** Builds in a folder that holds copies of the inputs at their places. The folder is renamed afterwards. */
  readonly make: (folder: string) => Promise<void>;
}

/** The folder with what was built, or the sentence that says why there is none. */
export type Built =
  | { readonly folder: string; readonly missing?: never }
  | { readonly folder?: never; readonly missing: string };

/**
 * Runs a program to its end, for ten minutes at most. Rejects with its last words when it fails. With `CI=true`, where nothing
 * may be missing and everything is downloaded, it first runs again after each pause, and standard error tells.
 */
export async function runTool(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  pausesMs: readonly number[] = process.env["CI"] === "true" ? [2000, 5000] : [],
): Promise<void> {
  try {
    await run(command, args, { env: { ...process.env, ...env }, timeout: 600_000, maxBuffer: 1 << 26 });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    const words = `${stdout}\n${stderr}`.trim().slice(-4096) || String(error);
    const message = `${command} ${args[0]} failed:\n${words}`;
    const [pauseMs, ...later] = pausesMs;
    if (pauseMs === undefined) throw new Error(message, { cause: error });
    process.stderr.write(`${message}\nIt runs again in ${pauseMs} ms.\n`);
    await sleep(pauseMs);
    await runTool(command, args, env, later);
  }
}

/**
 * Builds once for the same inputs and tools, also when several processes ask at the same time; what was built of other
 * inputs or tools goes. Where a tool is missing or the build fails, as it does on a machine that cannot fetch packages,
 * resolves with `missing`; with `CI=true` it rejects.
 */
export async function buildOnce(build: Build): Promise<Built> {
  try {
    const versions = await Promise.all(build.tools.map(([tool, ...args]) => versionOf(tool, args)));
    const folder = join(cache, `${build.name}-${await fingerprint(build, versions)}`);
    if (!existsSync(folder)) await withLock(join(cache, `${build.name}.lock`), () => makeFolder(build, folder));
    return { folder };
  } catch (error) {
    if (process.env["CI"] === "true") throw error;
    return { missing: `no ${build.name}: ${(error as Error).message}` };
  }
}

async function versionOf(tool: string, args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run(tool, args).catch((error: unknown) => {
    throw new Error(`${tool} is not on the PATH or does not work`, { cause: error });
  });
  return stdout + stderr;
}

async function makeFolder({ name, inputs, make }: Build, folder: string): Promise<void> {
  if (existsSync(folder)) return; // Somebody made it while we waited for the lock.
  const making = join(cache, `${name}-making`);
  try {
    await rm(making, { recursive: true, force: true });
    for (const input of inputs) {
      await mkdir(dirname(join(making, input)), { recursive: true });
      await cp(join(root, input), join(making, input), { recursive: true, filter: isSource });
    }
    await make(making);
    await rename(making, folder);
    await removeOlder(name, folder);
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}

/** Removes what was built by this name before. */
async function removeOlder(name: string, folder: string): Promise<void> {
  for (const entry of await readdir(cache)) {
    const path = join(cache, entry);
    const isBuild = entry.startsWith(`${name}-`) && /^[\da-f]{16}$/.test(entry.slice(name.length + 1));
    if (isBuild && path !== folder) await rm(path, { recursive: true, force: true });
  }
}

/** False for what tools leave beside the sources when somebody runs them by hand. */
function isSource(path: string): boolean {
  return !/(^|\/)(target|__pycache__|\.cache)(\/|$)/.test(path.slice(root.length));
}

/** Names everything that the result is made from. */
async function fingerprint({ inputs }: Build, versions: readonly string[]): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify([versions, process.arch]));
  for (const input of inputs) {
    const isFolder = (await stat(join(root, input))).isDirectory();
    const files = isFolder
      ? (await readdir(join(root, input), { recursive: true })).map((at) => join(input, at))
      : [input];
    for (const file of files.filter((file) => isSource(join(root, file))).sort()) {
      if ((await stat(join(root, file))).isFile()) hash.update(`\0${file}\0`).update(await readFile(join(root, file)));
    }
  }
  return hash.digest("hex").slice(0, 16);
}

/** Waits until no living process holds the lock file, holds it, and removes it in the end. */
export async function withLock(path: string, work: () => Promise<void>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  for (;;) {
    const file = await open(path, "wx").catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
    if (file !== undefined) {
      await file.writeFile(String(process.pid));
      await file.close();
      break;
    }
    await sleep(200); // Longer than it takes to write the number into a new lock.
    const holder = await readFile(path, "utf8").catch(() => "");
    if (holder !== "" && !isAlive(Number(holder))) await rm(path, { force: true });
  }
  try {
    await work();
  } finally {
    await rm(path, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
