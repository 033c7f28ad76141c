import { lstatSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { dirname, isAbsolute, resolve } from "node:path";
import { type Check, broken, held, inapplicable, type Verdict, verdict } from "../../conformance/check.js";
import type { PluginSubject } from "../subject.js";
import { dialSocket } from "../connect.js";
import type { Target } from "../line.js";

const area = "address";
const needs = ["handshake-line"];
const onTcp = inapplicable("the plugin listens on TCP");
const onUnix = inapplicable("the plugin listens on a unix socket");

async function unixPath(subject: PluginSubject): Promise<string | undefined> {
  const { target } = await subject.plain();
  return target.network === "unix" ? target.path : undefined;
}

/** One start with a socket directory, for what is looked at there. */
function inSocketDirectory(subject: PluginSubject) {
  return subject.once("socket directory", () => {
    const directory = subject.makeDirectory("dir");
    return subject
      .start({ env: { PLUGIN_UNIX_SOCKET_DIR: directory } })
      .then((started) => ({ ...started, wanted: directory }));
  });
}

/** Starts the plugin where it cannot listen, and waits for its end. */
async function hopeless(subject: PluginSubject, name: string, env: Record<string, string>) {
  return subject.once(`hopeless ${name}`, async () => {
    const { process } = await subject.launch({ env });
    const line = await process.line(subject.settings.timeoutMs).catch(() => undefined);
    const exit = process.exit ?? (await process.ended(line === undefined ? subject.settings.timeoutMs : 0));
    if (exit !== undefined) await process.drained(1000);
    await process.kill();
    return { process, line, exit };
  });
}

async function noDirectory(subject: PluginSubject) {
  const file = `${subject.makeDirectory("file")}/f`;
  writeFileSync(file, "");
  return hopeless(subject, "no directory", { PLUGIN_UNIX_SOCKET_DIR: `${file}/sockets` });
}

async function longDirectory(subject: PluginSubject) {
  const directory = `${subject.makeDirectory("long")}/${"d".repeat(120)}`;
  mkdirSync(directory, { recursive: true });
  return hopeless(subject, "long directory", { PLUGIN_UNIX_SOCKET_DIR: directory });
}

async function endsWithoutLine(found: ReturnType<typeof hopeless>): Promise<Verdict> {
  const { process, line, exit } = await found;
  if (line !== undefined) return broken(`it printed ${line.text.trim().slice(0, 200)}`);
  return exit === undefined ? broken("neither a line nor an end") : held(process.describeEnd());
}

async function canConnect(target: Target, timeoutMs: number): Promise<boolean> {
  try {
    (await dialSocket(target, timeoutMs)).destroy();
    return true;
  } catch {
    return false;
  }
}

/** Lines without what differs from start to start. */
function linesOf(text: string): string[] {
  const lines = text.split("\n").map((line) => line.replace(/\d+/g, "0").trim());
  return lines.filter((line) => line !== "");
}

/** A port with some free ones behind it, most likely. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return Math.min(port, 65_000);
}

/** Where a plugin listens, and what it does where it cannot. */
export const addressChecks: readonly Check<PluginSubject>[] = [
  {
    id: "address-answers",
    area,
    title: "a connection succeeds as soon as the line is out",
    rule: "LIFE-09",
    level: "must",
    needs,
    expects: "the address of the line takes a connection",
    next: "Open the listener first, then print the line with the address it really has.",
    run: async (subject) => {
      const { target } = await subject.plain();
      (await dialSocket(target, subject.settings.timeoutMs)).destroy();
      return held("connected");
    },
  },
  {
    id: "socket-path",
    area,
    title: "a unix address is an absolute path of a socket",
    rule: "HS-07, HS-08",
    level: "must",
    needs: [...needs, "address-answers"],
    expects: "an absolute path, a socket, no link",
    next: "Print the whole path: the host has another working directory.",
    run: async (subject) => {
      const path = await unixPath(subject);
      if (path === undefined) return onTcp;
      const isSocket = lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
      return verdict(isAbsolute(path) && isSocket, isSocket ? path : `no socket at ${path}`);
    },
  },
  {
    id: "socket-private",
    area,
    title: "other users cannot connect to the socket",
    rule: "PLUG-09; go-plugin: mode by umask",
    level: "should",
    needs: [...needs, "address-answers"],
    expects: "no write permission for others, on the socket or its own directory",
    next: "Create the socket with umask 077, or in a directory of mode 0700.",
    run: async (subject) => {
      const path = await unixPath(subject);
      if (path === undefined) return onTcp;
      const socket = statSync(path).mode & 0o777;
      const own = dirname(path);
      const { directory } = await subject.plain();
      // The directory that we made is private anyhow and proves nothing.
      const isHidden = own !== directory && (statSync(own).mode & 0o001) === 0;
      return verdict((socket & 0o002) === 0 || isHidden, `mode 0${socket.toString(8)}`);
    },
  },
  {
    id: "socket-directory",
    area,
    title: "the socket is made in PLUGIN_UNIX_SOCKET_DIR",
    rule: "ENV-15; go-plugin: UnixSocketConfig, runners",
    level: "must",
    needs,
    expects: "a socket right in that directory",
    next: "Read the variable: sandboxes share this directory alone with the host, and the host cleans it.",
    run: async (subject) => {
      if ((await unixPath(subject)) === undefined) return onTcp;
      const { target, wanted } = await inSocketDirectory(subject);
      if (target.network !== "unix") return broken("it listens on TCP");
      return verdict(resolve(dirname(target.path)) === wanted, `it listens at ${target.path}`);
    },
  },
  {
    id: "no-directory-ends",
    area,
    title: "where the socket directory cannot be used the plugin ends, without a line",
    rule: "LIFE-03; go-plugin: listen errors end Serve",
    level: "must",
    needs,
    expects: "no handshake line, and the end of the process",
    next: "Report the error and end; the host waits up to a minute for a line otherwise.",
    run: async (subject) => ((await unixPath(subject)) === undefined ? onTcp : endsWithoutLine(noDirectory(subject))),
  },
  {
    id: "no-directory-explains",
    area,
    title: "a plugin that cannot listen says why on standard error",
    rule: "LIFE-10",
    level: "must",
    needs: [...needs, "no-directory-ends"],
    expects: "a sentence on standard error",
    next: "Log the listener's error before ending: a host can show it.",
    run: async (subject) => {
      if ((await unixPath(subject)) === undefined) return onTcp;
      const usual = new Set(linesOf((await subject.plain()).process.stderr));
      const words = linesOf((await noDirectory(subject)).process.stderr).filter((line) => !usual.has(line));
      return verdict(
        words.length > 0,
        words.length === 0 ? "nothing that a good start does not write too" : words.join(" "),
      );
    },
  },
  {
    id: "no-directory-exit-code",
    area,
    title: "a plugin that cannot listen ends with an exit code other than 0",
    rule: "LIFE-03; go-plugin: 0, as Serve merely returns",
    level: "should",
    needs: [...needs, "no-directory-ends"],
    expects: "exit code 1",
    next: "End with exit code 1, so that a host can tell failure from success.",
    run: async (subject) => {
      if ((await unixPath(subject)) === undefined) return onTcp;
      const { exit } = await noDirectory(subject);
      return verdict(exit?.code !== 0, `exit code ${exit?.code}`);
    },
  },
  {
    id: "long-directory-ends",
    area,
    title: "where the socket's path is too long for the system the plugin ends, without a line",
    rule: "PLUG-08",
    level: "must",
    needs,
    expects: "no handshake line, and the end of the process",
    next: "Check the path's bytes: 107 on Linux, 103 on macOS. Some libraries cut longer ones, silently.",
    run: async (subject) => ((await unixPath(subject)) === undefined ? onTcp : endsWithoutLine(longDirectory(subject))),
  },
  {
    id: "tcp-loopback",
    area,
    title: "on TCP the plugin listens on the loopback interface alone",
    rule: "PLUG-10",
    level: "should",
    needs,
    expects: "no connection by another address of this machine",
    next: "Listen on 127.0.0.1: without TLS whoever connects is obeyed.",
    run: async (subject) => {
      const { target } = await subject.plain();
      if (target.network === "unix") return onUnix;
      const others = Object.values(networkInterfaces())
        .flatMap((addresses) => addresses ?? [])
        .filter(({ internal, family }) => !internal && family === "IPv4");
      const other = others[0]?.address ?? "127.0.0.2";
      const reached = await canConnect({ network: "tcp", host: other, port: target.port }, 1000);
      return verdict(!reached, reached ? `it answers at ${other} too` : `nobody answers at ${other}`);
    },
  },
  {
    id: "port-range",
    area,
    title: "on TCP the port lies between PLUGIN_MIN_PORT and PLUGIN_MAX_PORT",
    rule: "PLUG-10; go-plugin: MinPort, MaxPort",
    level: "should",
    needs,
    expects: "the first free port of the range",
    next: "Read both variables, and try the ports in turn.",
    run: async (subject) => {
      if ((await subject.plain()).target.network === "unix") return onUnix;
      const min = await freePort();
      const env = { PLUGIN_MIN_PORT: `${min}`, PLUGIN_MAX_PORT: `${min + 20}` };
      const { target, process } = await subject.start({ env });
      await process.kill();
      if (target.network === "unix") return onUnix;
      return verdict(target.port >= min && target.port <= min + 20, `port ${target.port} for ${min} to ${min + 20}`);
    },
  },
  {
    id: "ports-reversed",
    area,
    title: "on TCP the plugin refuses a lowest port above the highest",
    rule: "ENV-10; go-plugin: the listener fails, where it is TCP",
    level: "should",
    needs,
    expects: "an end with words on standard error, or a unix socket all the same",
    next: "Compare the two ports before trying any, and end where they are the wrong way round.",
    run: async (subject) => {
      const env = { PLUGIN_MIN_PORT: "20000", PLUGIN_MAX_PORT: "10000" };
      const { process, line, exit } = await hopeless(subject, "ports reversed", env);
      if (line !== undefined) return verdict(line.target.network === "unix", `it listens on ${line.target.network}`);
      if (exit === undefined) return broken("neither a line nor an end");
      return verdict(process.stderr.trim() !== "", process.describeEnd());
    },
  },
];
