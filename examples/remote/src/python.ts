import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
/** Seen from examples/remote/dist. */
const root = fileURLToPath(new URL("../../..", import.meta.url));
const at = (path: string) => join(root, path);

const requirements = at("examples/kv/python/requirements.txt");
const protos = [at("examples/kv/proto/kv.proto"), at("packages/core/proto/tenon/bind/v1/bind.proto")];
const programs = [at("sdk/python"), at("examples/remote/python")];

/** A Python that can run the plugin, or the sentence that says why there is none. */
export type PreparedPython =
  | { readonly python: string; readonly path: string; readonly missing?: never }
  | { readonly python?: never; readonly path?: never; readonly missing: string };

/**
 * Makes, once, a virtual environment with grpcio, and the code that it generates from the .proto files, in `.cache`. With `CI=true` it
 * rejects where that is not possible.
 */
export async function preparePython(signal: AbortSignal): Promise<PreparedPython> {
  const cache = at("examples/remote/.cache");
  try {
    const folder = join(cache, `python-${await fingerprint(signal)}`);
    if (!existsSync(folder)) await make(cache, folder, signal);
    return { python: join(folder, "bin", "python"), path: [folder, ...programs].join(":") };
  } catch (error) {
    if (signal.aborted || process.env["CI"] === "true") throw error;
    const { code, stderr, message } = error as NodeJS.ErrnoException & { stderr?: string };
    if (code === "ENOENT") return { missing: "python3 is not on the PATH" };
    return { missing: stderr?.trim().split("\n").at(-1) || message };
  }
}

/** Names everything that the environment is made from. */
async function fingerprint(signal: AbortSignal): Promise<string> {
  const { stdout } = await run("python3", ["--version"], { signal });
  const hash = createHash("sha256").update(`${stdout}${process.arch}`);
  for (const file of [requirements, ...protos]) hash.update(await readFile(file));
  return hash.digest("hex").slice(0, 16);
}

/** The folder appears whole or not at all. It can be renamed, as nothing but its `python` is run. */
async function make(cache: string, folder: string, signal: AbortSignal): Promise<void> {
  await mkdir(cache, { recursive: true });
  const making = await mkdtemp(join(cache, "making-"));
  try {
    const python = join(making, "bin", "python");
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"];
    await run("python3", ["-m", "venv", making], { signal });
    await run(python, [...pip, "-r", requirements], { signal });
    const from = [`-I${at("examples/kv/proto")}`, `-I${at("packages/core/proto")}`];
    const to = [`--python_out=${making}`, `--grpc_python_out=${making}`];
    await run(python, ["-m", "grpc_tools.protoc", ...from, ...to, ...protos], { signal });
    await rename(making, folder);
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}
