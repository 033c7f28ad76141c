import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { parseHandshakeLine } from "@tenon/core";
import { createChannel } from "@tenon/wire";
import { cookie } from "../kv.testing.js";

/** What a plugin process under test did. */
export interface PluginProcess {
  readonly child: ChildProcess;
  readonly stdout: string;
  readonly stderr: string;
  /** Its log records; other lines are left out. */
  readonly records: readonly Record<string, unknown>[];
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** Names of the files in its directory for temporary files. */
  leftovers(): string[];
  open<S extends DescService>(service: S): Promise<Client<S>>;
}

/** How to start one. */
export interface PluginProcessOptions {
  /** Statements before the imports' own: they are imports themselves. */
  readonly first?: string;
  /** What happens before `runPlugin`. */
  readonly before?: string;
  /** The implementation's methods; `echo` is at hand. */
  readonly methods?: string;
  /** Options of `runPlugin`. */
  readonly options?: string;
  /** Variables besides the cookie and those that a host always sets. */
  readonly env?: Record<string, string | undefined>;
  /** Program and arguments to put before `node`. */
  readonly wrapper?: readonly string[];
  readonly stdin?: "pipe" | "ignore";
  /** Whether `stdout` is left to the test, as bytes. */
  readonly raw?: boolean;
}

const index = new URL("../index.js", import.meta.url).href;
const kvModule = new URL("../kv.testing.js", import.meta.url).href;

/** The handshake's variables as a host sets them, with the cookie. */
const hostEnvironment = {
  [cookie.key]: cookie.value,
  PLUGIN_MIN_PORT: "0",
  PLUGIN_MAX_PORT: "0",
  PLUGIN_PROTOCOL_VERSIONS: "1",
};

/** Writes a plugin's program to a directory of its own and starts it; the test's end kills it and removes both. */
export function startPlugin(t: TestContext, options: PluginProcessOptions = {}): PluginProcess {
  const { first = "", before = "", methods = "", env = {}, wrapper = [], stdin = "pipe", raw = false } = options;
  const directory = mkdtempSync("/tmp/run-");
  const file = join(directory, "plugin.mjs");
  const temp = mkdtempSync(join(directory, "t-"));
  writeFileSync(
    file,
    `${first}
    import { implement, runPlugin, createLogger } from ${JSON.stringify(index)};
    import { echo, kv } from ${JSON.stringify(kvModule)};
    ${before}
    const plugin = implement(kv, { kv: { ...echo, ${methods} } });
    await runPlugin(plugin, import.meta, { ${options.options ?? ""} });
    process.stdout.write("runPlugin returned");`,
  );
  const [program, ...args] = [...wrapper, process.execPath, file];
  const child = spawn(program, args, {
    stdio: [stdin, "pipe", "pipe"],
    env: { PATH: process.env["PATH"], TMPDIR: temp, ...hostEnvironment, ...env },
  });
  const output = { stdout: "", stderr: "" };
  if (!raw) child.stdout?.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  t.after(async () => {
    child.kill("SIGKILL");
    await exited;
    rmSync(directory, { recursive: true });
  });
  return {
    child,
    exited,
    get stdout() {
      return output.stdout;
    },
    get stderr() {
      return output.stderr;
    },
    get records() {
      const lines = output.stderr.split("\n").filter((line) => line.startsWith("{"));
      return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    },
    leftovers: () => readdirSync(temp),
    async open(service) {
      await until(() => output.stdout.includes("\n"));
      const { address } = parseHandshakeLine(output.stdout.split("\n")[0] ?? "");
      const channel = createChannel(connect(address));
      t.after(() => channel.destroy());
      return createClient(service, channel.transport);
    },
  };
}

/** Resolves when a condition holds; the test's own time limit ends it otherwise. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
