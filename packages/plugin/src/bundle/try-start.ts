import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { rename, rm } from "node:fs/promises";
import type { Readable, Writable } from "node:stream";
import { createInterface } from "node:readline";
import { createClient } from "@connectrpc/connect";
import { GRPCStdio, Health, parseHandshakeLine, splitTcpAddress } from "@tenon/core";
import { type Certificate, createCertificate, createChannel, openSocket, pinnedTls } from "@tenon/wire";
import { secureClient } from "@tenon/wire/tls";

/** What {@link tryStart} starts, and what it is to write. */
export interface TrialStart {
  /** The file that starts the bundle. */
  readonly file: string;
  readonly script: string;
  /** Gets the compiled form of what the start used of the script. */
  readonly cache: string;
  /** Node, and the environment to start it in. */
  readonly node: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Default: 30 s. */
  readonly timeoutMs?: number;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

const maxStderrShown = 2000;

/**
 * Starts a bundled plugin once as a host does, with mutual TLS, and ends it, to learn which of its functions a start needs.
 *
 * @throws Error with what the plugin wrote to standard error, when it does not start or end as a plugin should
 */
export async function tryStart(trial: TrialStart): Promise<void> {
  const { file, script, cache, node, env, timeoutMs = 30_000 } = trial;
  const own = createCertificate();
  const record = new URL("./record-script.js", import.meta.url);
  const written = `${cache}.new`;
  record.search = String(new URLSearchParams({ script, cache: written }));
  const child: Child = spawn(node, ["--import", record.href, file], {
    env: {
      ...env,
      PLUGIN_CLIENT_CERT: own.certPem,
      PLUGIN_MIN_PORT: "10000",
      PLUGIN_MAX_PORT: "25000",
      TENON_LIFELINE: "stdin",
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => {});
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr = (stderr + text).slice(-maxStderrShown)));
  const signal = AbortSignal.timeout(timeoutMs);
  const exited = once(child, "close", { signal });
  exited.catch(() => {});
  try {
    const line = await firstLine(child, signal);
    // A plugin with TLS of its own lets nobody in: that is a start all the same.
    await callAsHost(line, own, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs / 2)])).catch(() => {});
    child.stdin.end();
    const [code] = (await exited) as [number | null];
    if (code !== 0) throw new Error(`it ended with exit code ${code}`);
    await rename(written, cache);
  } catch (cause) {
    const why = signal.aborted ? `it was not done after ${timeoutMs} ms` : (cause as Error).message;
    throw new Error(`the plugin did not pass its trial start: ${why}. On standard error it wrote:\n${stderr}`, {
      cause,
    });
  } finally {
    child.kill("SIGKILL");
    await rm(written, { force: true });
  }
}

async function firstLine({ stdout }: Child, signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input: stdout });
  const line = once(lines, "line", { signal });
  const end = once(lines, "close", { signal }).then(() => {
    throw new Error("it ended before its handshake line");
  });
  const [text] = (await Promise.race([line, end])) as [string];
  return text;
}

/** What each host does, so that the functions for it are there. */
async function callAsHost(line: string, own: Certificate, signal: AbortSignal): Promise<void> {
  const { network, address, certificate } = parseHandshakeLine(line);
  const socket = await openSocket(network === "unix" ? { path: address } : splitTcpAddress(address), signal);
  const stream =
    certificate === undefined
      ? socket
      : await secureClient(socket, pinnedTls(own, Buffer.from(certificate, "base64")), signal);
  const channel = createChannel(stream, { authority: "localhost" });
  try {
    const output = createClient(GRPCStdio, channel.transport).streamStdio({}, { signal });
    const reading = output[Symbol.asyncIterator]().next();
    reading.catch(() => {});
    await createClient(Health, channel.transport).check({ service: "plugin" }, { signal });
  } finally {
    channel.destroy();
  }
}
