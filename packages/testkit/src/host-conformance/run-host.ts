import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isProcessAlive } from "../leaks/processes.js";
import { eventually } from "../timing.js";
import type { ProbeEvent, ProbePlan } from "./probe-plan.js";

/** One run of the user's host with a probe in the place of its plugin. */
export interface HostRun {
  /** Undefined where it had not ended in time, and was killed. */
  readonly exit: { readonly code: number | null; readonly signal: NodeJS.Signals | null } | undefined;
  /** Everything it printed. */
  readonly output: string;
  readonly events: readonly ProbeEvent[];
  /** What the probe noted after its host was killed, where that was asked for. */
  readonly eventsAfterKill: readonly ProbeEvent[];
  /** The probe's environment; undefined where it was not started. */
  readonly probeEnv: Readonly<Record<string, string>> | undefined;
  /** Whether the probe outlived its host, by more than a moment. */
  readonly isProbeAlive: boolean;
  readonly elapsedMs: number;
}

/** How to run the host. */
export interface HostRunRequest {
  readonly command: readonly string[];
  readonly plan: ProbePlan;
  /** A fresh directory for this run. */
  readonly directory: string;
  readonly timeoutMs: number;
  readonly env?: Readonly<Record<string, string>>;
  /** The probe is a child of the script that the host starts, as with wrappers that forget `exec`. */
  readonly isWrapped?: boolean;
  /** Kills the host while it is connected. */
  readonly killsHost?: boolean;
}

/** How long a probe may take to vanish after its host has ended, or was killed. */
const probeEndMs = 1000;
const orphanMs = 3000;

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Writes the executable that the host is to start. */
function writeProbe({ plan, directory, isWrapped = false }: HostRunRequest, notes: string): string {
  const program = fileURLToPath(new URL("./probe.js", import.meta.url));
  const words = [process.execPath, program, JSON.stringify(plan), notes, directory].map(quote).join(" ");
  const path = `${directory}/plugin`;
  writeFileSync(path, isWrapped ? `#!/bin/sh\n${words}\nexit $?\n` : `#!/bin/sh\nexec ${words}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** `{plugin}` stands for the probe's path, anywhere in the arguments; without it the path comes last. */
function placePlugin(command: readonly string[], path: string): string[] {
  const placed = command.map((word) => word.replaceAll("{plugin}", path));
  return command.some((word) => word.includes("{plugin}")) ? placed : [...placed, path];
}

function readEvents(notes: string): ProbeEvent[] {
  if (!existsSync(notes)) return [];
  const lines = readFileSync(notes, "utf8").split("\n");
  return lines.slice(0, -1).map((line) => JSON.parse(line) as ProbeEvent);
}

function signalGroup(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, "SIGKILL");
  } catch {
    // Gone, or never there.
  }
}

/** Runs the host once and waits for its end. Ends everything that it left. */
export async function runHost(request: HostRunRequest): Promise<HostRun> {
  const { command, directory, timeoutMs, env = {}, killsHost = false } = request;
  const notes = `${directory}/notes`;
  const plugin = writeProbe(request, notes);
  const [file, ...args] = placePlugin(command, plugin) as [string, ...string[]];
  const since = performance.now();
  const child = spawn(file, args, {
    env: { ...process.env, TMPDIR: directory, TENON_CONFORMANCE_PLUGIN: plugin, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  let exit: HostRun["exit"];
  let failure: Error | undefined;
  child.on("error", (error) => (failure = error));
  child.on("exit", (code, signal) => (exit = { code, signal }));
  const hasEnded = () => exit !== undefined || failure !== undefined;
  try {
    let eventsBefore = 0;
    if (killsHost) {
      const isConnected = () => hasEnded() || readEvents(notes).some(({ event }) => event === "connected");
      await eventually(isConnected, { timeoutMs, what: "the host's connection" }).catch(() => {});
      await sleep(300);
      eventsBefore = readEvents(notes).length;
      child.kill("SIGKILL");
    }
    await eventually(hasEnded, { timeoutMs, intervalMs: 10 }).catch(() => {});
    if (failure !== undefined) throw new Error(`the host cannot be started: ${failure.message}`);
    const elapsedMs = performance.now() - since;
    const started = readEvents(notes).find((event) => event.event === "started");
    const pid = started?.pid;
    const isGone = () => pid === undefined || !isProcessAlive(pid);
    const grace = { timeoutMs: killsHost ? orphanMs : probeEndMs };
    const isProbeAlive = exit === undefined || !(await eventually(isGone, grace).catch(() => false));
    if (pid !== undefined && isProbeAlive) killAlone(pid);
    // What it printed last may be read after its end.
    if (exit !== undefined) await sleep(30);
    const events = readEvents(notes);
    return {
      exit,
      output,
      events,
      eventsAfterKill: events.slice(eventsBefore),
      probeEnv: started?.env,
      isProbeAlive,
      elapsedMs,
    };
  } finally {
    signalGroup(child);
    for (const stream of [child.stdout, child.stderr]) stream.destroy();
  }
}

function killAlone(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended meanwhile.
  }
}
