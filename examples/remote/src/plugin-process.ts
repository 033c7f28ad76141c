import { type ChildProcess, spawn } from "node:child_process";
import type { Place } from "./network/network.js";
import type { Offer } from "./offers.js";

/** What a plugin is started with. */
export interface PluginInit {
  readonly offer: Offer;
  readonly place: Place;
  /** With its credentials. */
  readonly folder: string;
  /** Where the host listens. */
  readonly port: string;
}

/** A plugin's process. The host of the story does not need it; only who starts plugins does. */
export interface PluginProcess {
  readonly offer: Offer;
  readonly place: Place;
  readonly child: ChildProcess;
  /** How it has ended, for people, when it has. */
  readonly ended: Promise<string>;
  /** What it has printed on standard error. */
  readonly stderr: () => string;
  /** Ends it, by force where it does not end by itself. */
  stop(): Promise<string>;
}

const stopTimeoutMs = 10_000;

/** Starts a plugin at a place and in its folder, as a shell, systemd or Kubernetes would somewhere else. */
export function startPlugin({ offer, place, folder, port }: PluginInit, args: readonly string[] = []): PluginProcess {
  const fill = (text: string) => text.replace(/^HOST$/, `${place.host}:${port}`).replace(/^FOLDER\b/, folder);
  const [program, ...own] = offer.command;
  const [command, ...rest] = place.enter([program, ...own.map(fill), ...args]);
  const env = Object.fromEntries(Object.entries(offer.env).map(([name, value]) => [name, fill(value)]));
  const child = spawn(command, rest, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-8192);
  });
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  return {
    offer,
    place,
    child,
    ended,
    stderr: () => stderr,
    async stop() {
      child.kill("SIGTERM");
      child.kill("SIGCONT"); // A stopped process gets no signal but SIGKILL.
      const late = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
      return await ended.finally(() => clearTimeout(late));
    },
  };
}
