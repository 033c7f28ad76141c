import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import type { Command, Network, Place } from "./network.js";

const run = promisify(execFile);
const ip = (...args: string[]) => run("ip", args);

/**
 * Runs a command in a network namespace of its own, in which it is root and which only it sees. No right is needed for that where the
 * machine allows user namespaces.
 */
export const apart: Command = ["unshare", "--user", "--map-root-user", "--net"];

/** Why this machine does not let us have network namespaces; undefined where it does. */
export async function whyNoNamespaces(): Promise<string | undefined> {
  try {
    const [unshare, ...args] = apart;
    await run(unshare, [...args, "ip", "link", "add", "type", "veth"]);
    return undefined;
  } catch (error) {
    const { code, stderr = "" } = error as { code?: unknown; stderr?: string };
    if (code === "ENOENT") return "there is no unshare, which makes network namespaces on Linux";
    return `it allows no network namespaces (${stderr.trim().split("\n").at(-1) || String(error)})`;
  }
}

/**
 * Gives each plugin a network namespace with one interface, the other end of which is the host's. Everything is inside of the namespace
 * of this process, see {@link apart}, and ends with it.
 */
export function createNamespaces(): Network {
  const holders: ChildProcess[] = [];

  async function createPlace(): Promise<Place> {
    const holder = await holdNamespace();
    const number = holders.push(holder);
    const [pid, outside] = [String(holder.pid), `plugin${number}`];
    const [host, plugin] = [`10.77.${number}.1`, `10.77.${number}.2`];
    const inside = (...args: string[]) => run("nsenter", ["--target", pid, "--net", "ip", ...args]);
    await ip("link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", pid);
    await ip("address", "add", `${host}/30`, "dev", outside);
    await ip("link", "set", outside, "up");
    await inside("address", "add", `${plugin}/30`, "dev", "eth0");
    await inside("link", "set", "eth0", "up");
    return {
      host,
      enter: (command) => ["nsenter", "--target", pid, "--net", ...command],
      async cut() {
        await ip("link", "set", outside, "down");
        return `its cable is pulled (ip link set ${outside} down)`;
      },
      async mend() {
        await ip("link", "set", outside, "up");
      },
    };
  }

  return {
    description:
      "Host and plugins have a network namespace each; one cable (veth) leads from every plugin to the host, and nowhere else.",
    listenAt: "0.0.0.0",
    createPlace,
    async [Symbol.asyncDispose]() {
      for (const [at] of holders.entries()) await ip("link", "delete", `plugin${at + 1}`).catch(() => {});
      await Promise.all(holders.map(endHolder));
    },
  };
}

/** A namespace lasts as long as a process is in it. This one also ends when ours does: its input ends then. */
async function holdNamespace(): Promise<ChildProcess> {
  const holder = spawn("unshare", ["--net", "sh", "-c", "echo && exec cat"], { stdio: ["pipe", "pipe", "inherit"] });
  const early = once(holder, "exit").then(([code]) => {
    throw new Error(`no network namespace could be made: unshare has ended with ${code}`);
  });
  await Promise.race([once(holder.stdout, "data"), early]); // What it writes says that it is in the namespace.
  return holder;
}

async function endHolder(holder: ChildProcess): Promise<void> {
  if (holder.exitCode !== null || holder.signalCode !== null) return;
  const ended = once(holder, "exit");
  holder.stdin!.end();
  await ended;
}
