import type { Readable } from "node:stream";
import { TenonError } from "@tenon/core";
import type { ExitFacts } from "./exit-facts.js";
import type { LaunchedInstance, Launcher, NetworkAddress } from "./launcher.js";

/** The process of an instance, whoever started it. */
export interface PluginProcess {
  /** Undefined where the instance lives inside this process. */
  readonly pid: number | undefined;
  readonly stdout?: Readable | undefined;
  readonly stderr?: Readable | undefined;
  /** The beginning of what it printed in place of a handshake, where its launcher read that. */
  firstOutput?(): string | undefined;
  /** How it ended; undefined while it runs. */
  readonly exit: ExitFacts | undefined;
  /** Resolves when the process has ended, whoever still holds its pipes. Never rejects. */
  readonly exited: Promise<ExitFacts>;
  /**
   * Signals the process with all it started. False when we may not, and when the process has ended: what it left behind in its
   * group was killed then, and its id may be another's by now.
   */
  signalGroup(signal: "SIGTERM" | "SIGKILL" | "SIGCONT"): boolean;
  /** Why no signal may be sent to it; undefined where one may. Default: one may. */
  refusal?(): string | undefined;
  /** For how long it has not turned its event loop; undefined while it does, and where nobody can tell. Default: nobody can. */
  busy?(): { readonly busyMs: number } | undefined;
  /** Its connection is gone, so its end is near: it is looked for more often where it has to be looked for. Default: nothing. */
  expectEnd?(): void;
  /** Does not keep this process running for its sake any more. */
  detach?(): void;
  /** Closes our ends of its pipes. Call it when nothing more is to be read. */
  release(): void;
}

/** A process that this one has spawned. */
export interface SpawnedProcess extends PluginProcess {
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

/** How addresses differ between host and plugin. */
export interface AddressTranslation {
  readonly toHost: (address: NetworkAddress) => NetworkAddress;
  readonly toPlugin: (address: NetworkAddress) => NetworkAddress;
}

/** The translation where host and plugin see the same addresses. */
export const sameAddresses: AddressTranslation = { toHost: (address) => address, toPlugin: (address) => address };

/** The translation of a launched instance. @throws {@link TenonError} `launcher-failed`, from its functions */
export function translationOf(launcher: Launcher, launched: LaunchedInstance): AddressTranslation {
  const guard = (what: string, translate: (address: NetworkAddress) => NetworkAddress) => (address: NetworkAddress) => {
    try {
      const { network, address: text } = translate(address);
      if ((network === "unix" || network === "tcp") && typeof text === "string") return { network, address: text };
    } catch (cause) {
      throw launcherFailed(
        launcher,
        `its ${what} threw for ${JSON.stringify(address.address)}: ${String(cause)}`,
        cause,
      );
    }
    throw launcherFailed(launcher, `its ${what} gave no address for ${JSON.stringify(address.address)}`);
  };
  return {
    toHost: launched.toHost ? guard("toHost", (address) => launched.toHost!(address)) : sameAddresses.toHost,
    toPlugin: launched.toPlugin ? guard("toPlugin", (address) => launched.toPlugin!(address)) : sameAddresses.toPlugin,
  };
}

/**
 * Takes over what a launcher started.
 *
 * @throws {@link TenonError} `launcher-failed` where it is not what the interface asks for
 */
export function adoptLaunched(launcher: Launcher, launched: LaunchedInstance): PluginProcess {
  const problem = findProblem(launched);
  if (problem !== undefined) throw launcherFailed(launcher, problem);
  let exit: ExitFacts | undefined;
  const exited = launched.exited.then(
    (facts) =>
      (exit = {
        exitCode: facts?.exitCode ?? null,
        signal: facts?.signal ?? null,
        ...(facts?.error instanceof Error && { error: facts.error }),
      }),
    () => (exit = { exitCode: null, signal: null }),
  );
  // A pipe that breaks has ended: its reader sees the end and nothing else is lost.
  for (const pipe of [launched.stdout, launched.stderr]) pipe?.on("error", () => {});
  return {
    pid: launched.pid,
    stdout: launched.stdout,
    stderr: launched.stderr,
    firstOutput: () => quietly(() => launched.firstOutput?.()),
    get exit() {
      return exit;
    },
    exited,
    signalGroup: (signal) => exit === undefined && quietly(() => launched.signal(signal)) === true,
    busy: () => quietly(() => launched.busy?.()),
    detach: () => quietly(() => launched.detach?.()),
    release: () => quietly(() => launched.release()),
  };
}

/** An error of the code `launcher-failed`. */
export function launcherFailed(launcher: Launcher, why: string, cause?: unknown): TenonError {
  return new TenonError("launcher-failed", `the launcher "${launcher.name}" failed: ${why}`, {
    cause,
    facts: { launcher: launcher.name },
  });
}

function findProblem(launched: LaunchedInstance): string | undefined {
  if (typeof launched !== "object" || launched === null) return "it gave no instance";
  const { pid, reach } = launched;
  if (pid === undefined ? reach === undefined : !Number.isInteger(pid) || pid < 1)
    return `its pid ${String(pid)} is none`;
  for (const pipe of [launched.stdout, launched.stderr]) {
    if (pipe === undefined ? reach === undefined : typeof pipe?.on !== "function") {
      return "its stdout and stderr must be readable streams";
    }
  }
  if (typeof launched.exited?.then !== "function") return "its exited must be a promise";
  if (typeof launched.signal !== "function" || typeof launched.release !== "function") {
    return "its signal and release must be functions";
  }
  return undefined;
}

/** What a stranger's code throws must not keep an instance from being taken down. */
function quietly<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
