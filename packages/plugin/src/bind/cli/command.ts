import { accessSync, constants, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { isTenonError } from "@tenon/core";
import { createLogger, type Logger } from "../../log/logger.js";
import { startBinding } from "../binding.js";
import type { BindCloseReason, BindEvent } from "../events.js";
import { type BindTlsSettings, type DialInOptions, readDialInOptions } from "../options.js";
import { parseArguments, type TenonBindArguments, usage } from "./arguments.js";
import { startDeathWatch } from "./death-watch.js";
import { type ChildOffer, offerChild } from "./offer-child.js";

/** What the command needs of its process. */
export interface TenonBindProcess {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Calls `listener` with the name of each signal that asks for the end. */
  readonly onSignal: (listener: (signal: string) => void) => void;
  /** Calls `listener` when the process ends, for whatever reason. */
  readonly onExit: (listener: () => void) => void;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
  /** Where records go. Default: standard error. */
  readonly logger?: Logger;
}

/** Exit code after a second signal, as a shell reports a process that SIGTERM ended. */
const secondSignalExitCode = 143;

/** The command: does what the arguments say and resolves with the exit code. */
export async function runTenonBind(command: TenonBindProcess): Promise<number> {
  const parsed = parseArguments(command.args);
  if (parsed === "help") {
    command.stdout(usage);
    return 0;
  }
  if (typeof parsed === "string") {
    command.stderr(`tenon-bind: ${parsed}\n\n${usage}`);
    return 2;
  }
  const name =
    parsed.name ??
    (basename(parsed.command[0])
      .replace(/[^A-Za-z0-9._-]/g, "-")
      .replace(/^[^A-Za-z0-9]+/, "") ||
      "plugin");
  const logger = command.logger ?? createLogger({ name });
  try {
    clearReadyFile(parsed.readyFile);
  } catch (error) {
    command.stderr(`tenon-bind: the file of --ready-file cannot be written: ${String(error)}\n`);
    return 2;
  }
  const watch = startDeathWatch(parsed.readyFile, (cause) => {
    logger.warn("the plugin's program will outlive tenon-bind if that is killed: it cannot be watched", {
      cause: cause.message,
    });
  });
  const offer = offerChild({ ...parsed, env: command.env, logger, watch });
  command.onExit(() => offer.kill());
  try {
    return await bindChild(command, parsed, name, logger, offer);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    logger.error(message, isTenonError(error) ? { ...error.facts, code: error.code } : { error });
    return exitCodeOf(offer) || 1;
  } finally {
    await offer.stop();
    watch.close();
    if (parsed.readyFile !== undefined) rmSync(parsed.readyFile, { force: true });
  }
}

async function bindChild(
  { onSignal, exit }: TenonBindProcess,
  parsed: TenonBindArguments,
  name: string,
  logger: Logger,
  offer: ChildOffer,
): Promise<number> {
  const starting = new AbortController();
  let leave = (_signal: string): void => starting.abort();
  let signals = 0;
  onSignal((signal) => {
    if (++signals > 1) exit(secondSignalExitCode);
    else leave(signal);
  });
  const options: DialInOptions = {
    to: parsed.to,
    name,
    version: parsed.pluginVersion,
    insecure: parsed.insecure,
    tls: parsed.tls && (() => readTls(parsed)),
    drainTimeoutMs: parsed.drainTimeoutMs,
    signal: starting.signal,
    logger,
    ...(parsed.tokenFile !== undefined && { tokenFile: parsed.tokenFile }),
    ...(parsed.instance !== undefined && { instance: parsed.instance }),
    onEvent: (event) => markReady(parsed.readyFile, event),
  };
  const settings = readDialInOptions(options, name);
  // At once, so that a file that is missing is no host that is away.
  if (parsed.tls) await readTls(parsed);
  try {
    const bound = await startBinding({ options, settings, logger, prepare: (signal) => offer.prepare(signal) });
    leave = (signal) => void bound.close({ reason: `tenon-bind got ${signal}` });
    // A signal that came in between has aborted it.
    const reason = await bound.closed;
    return exitCode(reason, offer);
  } catch (error) {
    if (starting.signal.aborted) return 0;
    throw error;
  }
}

async function readTls({ tlsFiles, servername }: TenonBindArguments): Promise<BindTlsSettings> {
  const files = await Promise.all(
    Object.entries(tlsFiles).map(async ([key, path]) => [key, await readFile(path)] as const),
  );
  return { ...Object.fromEntries(files), ...(servername !== undefined && { servername }) };
}

/** A killed process may have left it. A file that cannot be made later would leave a probe without an answer for ever. */
function clearReadyFile(readyFile: string | undefined): void {
  if (readyFile === undefined) return;
  accessSync(dirname(readyFile), constants.W_OK);
  rmSync(readyFile, { force: true });
}

function markReady(readyFile: string | undefined, event: BindEvent): void {
  if (readyFile === undefined) return;
  if (event.type === "bound") writeFileSync(readyFile, `${event.session}\n`);
  if (event.type === "lost" || event.type === "draining" || event.type === "closed") rmSync(readyFile, { force: true });
}

function exitCode({ kind }: BindCloseReason, offer: ChildOffer): number {
  if (kind === "exited") return exitCodeOf(offer) ?? 1;
  return kind === "rejected" ? 1 : 0;
}

/** The plugin's own exit code; for a signal what a shell reports. */
function exitCodeOf({ exit }: ChildOffer): number | undefined {
  if (exit === undefined) return undefined;
  const signals: Readonly<Record<string, number>> = {
    SIGHUP: 1,
    SIGINT: 2,
    SIGQUIT: 3,
    SIGABRT: 6,
    SIGKILL: 9,
    SIGSEGV: 11,
    SIGTERM: 15,
  };
  return exit.code ?? 128 + (signals[exit.signal ?? ""] ?? 0);
}
