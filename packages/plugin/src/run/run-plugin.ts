import { rmdirSync } from "node:fs";
import { basename } from "node:path";
import { type Contract, handshakeVariables, isTenonError, TenonError } from "@tenon/core";
import type { Plugin } from "../implement.js";
import { writeFully } from "../log/fd-writer.js";
import { createLogger, type Logger } from "../log/logger.js";
import { servePlugin, serveStream } from "../serve/late.js";
import { checkNumber, type ServeOptions } from "../serve/serve-options.js";
import type { PluginCloseReason, ServingPlugin } from "../serve/serving.js";
import { checkCookie } from "./cookie.js";
import { type HostWatch, isProcessAlive, watchHost } from "./host-watch.js";
import { isMainModule } from "./main-module.js";
import { handleSignals, reportCrashes } from "./process-events.js";
import { redirectOutput } from "./redirection.js";
import type { TestModeOptions } from "./test-mode.js";
import type { WorkerThread } from "./worker.js";
import { findWorkerData, reportCrashToHost } from "./worker-data.js";

/** Options of {@link runPlugin}. */
export interface RunOptions extends Omit<ServeOptions, "environment" | "signal"> {
  /** Takes all records of this process. Default: a logger on standard error, named like the contract. */
  readonly logger?: Logger;
  /**
   * Whether this process is the plugin's. Default: whether it was started with the file of `meta`. Set it to true in a
   * file that is started through another one.
   */
  readonly main?: boolean;
  /**
   * How often to look whether the host's process is still the parent, in milliseconds; 0 never. Default: 1000. The plugin
   * ends when it is not. go-plugin has nothing of the kind, and its plugins outlive a host that was killed.
   */
  readonly parentCheckMs?: number;
  /**
   * Test mode, for debuggers: the plugin is run by hand, needs no cookie, stays until Ctrl-C, and prints on standard output what a
   * host must find in its environment to attach to it, in the form of `TF_REATTACH_PROVIDERS`. Standard output and `console` stay
   * what they are. Default: whether `--tenon-test` is among the arguments. The version served is the lowest, unless
   * `PLUGIN_PROTOCOL_VERSIONS` names others. go-plugin: `ServeTestConfig`.
   */
  readonly test?: boolean | TestModeOptions;
  /** Runs when serving has ended, before the process does. Default: nothing. */
  readonly cleanUp?: (reason: PluginCloseReason) => void | Promise<void>;
  /** How long `cleanUp` may take, in milliseconds; the process then ends without it. Default: 5000. */
  readonly cleanUpTimeoutMs?: number;
}

const handshakeStallMs = 5000;
const flushTimeoutMs = 500;

/**
 * Makes this process the plugin's, if it was started with the file that calls this; otherwise it does nothing, so that a
 * plugin's file can be imported anywhere. go-plugin: `Serve`.
 *
 * It checks the cookie, redirects output, serves, prints the handshake line, and ends the process when serving ends, with
 * exit code 0: when the host asks for it, on SIGTERM, or when the host is gone. In that case it does not return. It serves on a socket,
 * or where the host says so (`TENON_TRANSPORT`) on standard input and output: `process.stdin` is then an empty stream; or, in a thread
 * that a host started, on its message port, and it is the thread that ends then.
 * Work for the end goes into `cleanUp`. Every fault is one record on standard error, with exit code 1; only a
 * person who runs the plugin by hand gets plain text. The handshake's variables are taken out of `process.env`.
 *
 * @throws {@link TenonError} `option-invalid`, in every process
 */
export async function runPlugin(plugin: Plugin, meta: ImportMeta, options: RunOptions = {}): Promise<void> {
  const { main, parentCheckMs = 1000, cleanUp, cleanUpTimeoutMs = 5000, test, ...serveOptions } = options;
  checkNumber("parentCheckMs", parentCheckMs);
  checkNumber("cleanUpTimeoutMs", cleanUpTimeoutMs);
  if (!(main ?? isMainModule(meta))) return;

  const { contract } = plugin;
  const variables = { ...process.env };
  const logger = options.logger ?? createLogger({ name: contract.name });
  const isTest = test === undefined ? process.argv.includes("--tenon-test") : test !== false;
  if (isTest) return runByHand(plugin, typeof test === "object" ? test : {}, { ...options, logger }, serveOptions);
  requireCookie(contract, variables, logger);
  scrubEnvironment(contract);

  const redirection = redirectOutput();
  redirection.logger = logger;
  reportCrashes(logger, reportCrashToHost);
  const exiting = new AbortController();
  let serving: ServingPlugin | undefined;
  const close = (why: string, closeOptions?: { drainTimeoutMs: number }) => {
    logger.debug(`plugin ends: ${why}`);
    if (serving === undefined) process.exit(0);
    void serving.close(closeOptions);
  };
  process.on("exit", () => exiting.abort());

  try {
    const thread = await findThread(contract, variables, logger);
    // Signals, standard input and a parent are the process's, which is the host where this is one of its threads.
    let host: HostWatch | undefined;
    if (thread !== undefined) thread.watchHost(close);
    else host = watchProcess(variables, parentCheckMs, logger, close);
    const complete = { ...serveOptions, logger, environment: variables, signal: exiting.signal };
    serving = thread === undefined ? await serve(plugin, complete) : await serveStream(plugin, thread.stream, complete);
    redirection.attach(serving);
    if (thread !== undefined) thread.sendLine(serving.line);
    else printHandshakeLine(serving.line, contract.name);
    // Takes 2 ms, for which no host should wait: it connects in the meantime.
    if (variables["TENON_LIFELINE"] === "stdin") host?.watchLifeline();
  } catch (error) {
    fail(logger, error);
  }
  const reason = await serving.closed;
  const exitCode = await runCleanUp(() => cleanUp?.(reason), cleanUpTimeoutMs, logger);
  await redirection.flushStderr(flushTimeoutMs);
  process.exit(process.exitCode ?? exitCode);
}

async function findThread(
  contract: Contract,
  variables: NodeJS.ProcessEnv,
  logger: Logger,
): Promise<WorkerThread | undefined> {
  if (variables["TENON_TRANSPORT"] !== "port" && findWorkerData() === undefined) return undefined;
  const { takeWorkerThread } = await import("./worker.js");
  return takeWorkerThread(contract.name, logger);
}

function watchProcess(
  variables: NodeJS.ProcessEnv,
  parentCheckMs: number,
  logger: Logger,
  close: (why: string, options?: { drainTimeoutMs: number }) => void,
): HostWatch {
  handleSignals(logger, close);
  const host = watchHost({
    parentCheckMs: variables["TENON_LIFELINE"] === "none" ? 0 : parentCheckMs,
    // Nobody is left to get an answer.
    onHostGone: (how) => close(how, { drainTimeoutMs: 0 }),
  });
  process.on("exit", () => {
    removeHostDirectory(variables["PLUGIN_UNIX_SOCKET_DIR"], host);
  });
  return host;
}

/** Serves as the host asked for; what other ways than a socket need is loaded here only. */
async function serve(plugin: Plugin, options: ServeOptions): Promise<ServingPlugin> {
  if (options.environment?.["TENON_TRANSPORT"] !== "stdio") return servePlugin(plugin, options);
  const { takeStandardStreams } = await import("./stdio-transport.js");
  return serveStream(plugin, takeStandardStreams(plugin.contract.name), options);
}

async function runByHand(
  plugin: Plugin,
  test: TestModeOptions,
  { logger, cleanUp, cleanUpTimeoutMs = 5000 }: RunOptions & { readonly logger: Logger },
  serveOptions: ServeOptions,
): Promise<never> {
  const variables = { ...process.env };
  scrubEnvironment(plugin.contract);
  let reason: PluginCloseReason;
  try {
    // Loaded here only: no plugin that a host started has a use for it.
    const { runInTestMode } = await import("./test-mode.js");
    reason = await runInTestMode(plugin, test, { ...serveOptions, logger, environment: variables });
  } catch (error) {
    fail(logger, error);
  }
  const exitCode = await runCleanUp(() => cleanUp?.(reason), cleanUpTimeoutMs, logger);
  process.exit(process.exitCode ?? exitCode);
}

function requireCookie(contract: Contract, variables: NodeJS.ProcessEnv, logger: Logger): void {
  try {
    checkCookie(contract, variables, [basename(process.argv0), ...process.execArgv, ...process.argv.slice(1)]);
  } catch (error) {
    if (!isTenonError(error, "not-started-by-host")) fail(logger, error);
    writeFully(2, `${error.message}\n`, flushTimeoutMs);
    process.exit(1);
  }
}

function scrubEnvironment(contract: Contract): void {
  for (const { name } of handshakeVariables) delete process.env[name];
  delete process.env[contract.cookie.key];
}

function printHandshakeLine(line: string, plugin: string): void {
  if (writeFully(1, `${line}\n`, handshakeStallMs) === "written") return;
  throw new TenonError(
    "handshake-write-failed",
    `The plugin "${plugin}" could not print its handshake line: nobody reads its standard output. Check that the host still runs.`,
    { plugin },
  );
}

function fail(logger: Logger, error: unknown): never {
  const message = error instanceof Error ? error.message : String(error);
  logger.error(message, isTenonError(error) ? { code: error.code, ...error.facts, cause: error.cause } : { error });
  process.exit(1);
}

async function runCleanUp(cleanUp: () => void | Promise<void>, timeoutMs: number, logger: Logger): Promise<number> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(resolve, timeoutMs, "late");
  });
  try {
    const outcome = await Promise.race([Promise.resolve().then(cleanUp), late]);
    if (outcome !== "late") return 0;
    logger.error(`cleanUp was not done after ${timeoutMs} ms; the plugin ends without it`);
  } catch (error) {
    logger.error("cleanUp failed", { error });
  } finally {
    clearTimeout(timer);
  }
  return 1;
}

/**
 * A Tenon host makes a directory of its own for each plugin, with its process id in the name; killed, it cannot remove it. The id tells what
 * nobody saw: that it was gone before this process looked for it. A directory that holds anything stays.
 */
function removeHostDirectory(socketDir: string | undefined, host: HostWatch): void {
  const owner = /^tenon-(\d+)-/.exec(basename(socketDir ?? ""))?.[1];
  if (socketDir === undefined || owner === undefined) return;
  if (!host.isHostGone() && isProcessAlive(Number(owner))) return;
  try {
    rmdirSync(socketDir);
  } catch {
    // Not empty, not ours or gone: then it is not for us to remove.
  }
}
