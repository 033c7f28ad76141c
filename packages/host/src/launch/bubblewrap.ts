import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, isAbsolute, relative } from "node:path";
import { isTenonError, TenonError } from "@tenon/core";
import { booleanOr, checkKeys, describe, invalidOption, textOrNothing } from "../options/check.js";
import { commandOf } from "./command-of.js";
import type { Launcher, LaunchRequest } from "./launcher.js";
import { processLauncher } from "./process-launcher.js";
import { resolveCommand } from "./resolve-command.js";

/** What a plugin sees of the machine. */
export interface BubblewrapOptions {
  /** Paths that it may read, under the same name, besides the system's programs and libraries and its own command. Default: none. */
  readonly readOnly?: readonly string[];
  /** Paths that it may write, under the same name. Default: none; it has an empty `/tmp` of its own. */
  readonly writable?: readonly string[];
  /** Whether it may use the network of the machine. Default: false, not even the machine's own loopback. */
  readonly network?: boolean;
  /** The program. Default: `bwrap`, looked up in the plugin's `PATH`. */
  readonly bwrap?: string;
}

/** Programs and libraries of a Linux system, and what they need to find each other, look up names and check certificates. */
const system = [
  "/usr",
  "/bin",
  "/sbin",
  "/lib",
  "/lib32",
  "/lib64",
  "/etc/ld.so.cache",
  "/etc/alternatives",
  "/etc/ssl",
];
const forNetwork = ["/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/ca-certificates"];
const base = ["--unshare-all", "--die-with-parent", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"];
const probeTimeoutMs = 5000;

/**
 * A launcher that runs the plugin in namespaces of its own, made by bubblewrap: it sees of the file system what is named here, no other
 * process, and no network. Its socket lies in the directory that the host makes, which is bound into the sandbox. Linux only. It keeps
 * the kernel, the user and all that is bound in common with the host: a plugin that breaks the kernel breaks out.
 *
 * SIGTERM ends bubblewrap itself, and the plugin with it at once, so only the Shutdown call leaves a plugin time.
 *
 * @throws {@link TenonError} `option-invalid`; at the start `sandbox-unavailable`
 */
export function bubblewrapLauncher(options: BubblewrapOptions = {}): Launcher {
  checkKeys("options", options, ["readOnly", "writable", "network", "bwrap"]);
  const readOnly = parsePaths("options.readOnly", options.readOnly);
  const writable = parsePaths("options.writable", options.writable);
  const network = booleanOr("options.network", options.network, false);
  const bwrap = textOrNothing("options.bwrap", options.bwrap) ?? "bwrap";
  const processes = processLauncher();
  let probed: Promise<void> | undefined;

  return Object.freeze<Launcher>({
    name: "bubblewrap",
    capabilities: Object.freeze({ isolation: "sandbox" as const }),
    async start(request) {
      const { cwd, searchPath, socketDir, verifiedDir } = request;
      const command = commandOf(request);
      const program = findBwrap(bwrap, request);
      await (probed ??= probe(program));
      const file = resolveCommand({ command: command[0], cwd, path: searchPath });
      const shown = [
        ...system,
        ...(network ? forNetwork : []),
        ...readOnly,
        file,
        ...(verifiedDir ? [verifiedDir] : []),
      ];
      const shared = [...writable, ...(socketDir === undefined ? [] : [socketDir])];
      const isVisible = [...shown, ...shared].some((path) => isWithin(cwd, path));
      const flags = [
        ...base,
        ...(network ? ["--share-net"] : []),
        ...shown.flatMap((path) => ["--ro-bind-try", path, path]),
        ...shared.flatMap((path) => ["--bind", path, path]),
        "--chdir",
        isVisible ? cwd : "/",
      ];
      const env = { ...request.env, TMPDIR: "/tmp" };
      const wrapped: [string, ...string[]] = [program, ...flags, "--", file, ...command.slice(1)];
      return { ...(await processes.start({ ...request, env, command: wrapped })), file };
    },
  });
}

function findBwrap(bwrap: string, { cwd, searchPath }: LaunchRequest): string {
  try {
    return resolveCommand({ command: bwrap, cwd, path: searchPath || "/usr/bin:/bin" });
  } catch (cause) {
    if (!isTenonError(cause)) throw cause;
    throw unavailable(`bubblewrap was not found: ${cause.message}`, cause);
  }
}

/** Makes a sandbox once, to tell "this machine cannot" from "this plugin does not start". */
function probe(program: string): Promise<void> {
  const args = ["--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--", "true"];
  return new Promise((resolve, reject) => {
    execFile(program, args, { timeout: probeTimeoutMs, killSignal: "SIGKILL" }, (error, _stdout, stderr) => {
      if (error === null) resolve();
      else reject(unavailable(stderr.trim() || error.message, error));
    });
  });
}

function unavailable(why: string, cause: unknown): TenonError {
  return new TenonError("sandbox-unavailable", `this machine makes no sandbox (${why})`, { cause });
}

function parsePaths(option: string, value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalidOption(option, `it must be a list of paths, not ${describe(value)}`);
  return value.map((path: unknown, index) => {
    if (typeof path !== "string" || !isAbsolute(path) || path.includes("\0")) {
      throw invalidOption(`${option}[${index}]`, `it must be an absolute path, not ${describe(path)}`);
    }
    if (!existsSync(path)) throw invalidOption(`${option}[${index}]`, `${path} does not exist`);
    return path;
  });
}

function isWithin(path: string, directory: string): boolean {
  const way = relative(directory, path);
  return way === "" || (!way.startsWith("..") && !isAbsolute(way) && dirname(way) !== "..");
}
