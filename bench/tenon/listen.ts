import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Contract, ContractVersions } from "@tenon/core";
import type { Host, Session } from "@tenon/host";
import { admitAnyone, type BindEvent, type BindListener, type ListenOptions } from "@tenon/host/bind";
import type { BindTlsSettings } from "@tenon/plugin/bind";
import { nodeProgram } from "../lib/programs.js";

/** A process that dials in each time it is told to. */
interface Caller {
  readonly child: ChildProcess;
  /** Has it dial in; resolves when it can be called. */
  bind(): Promise<Session>;
}

/** A host that plugins dial in to. */
export interface Listening<V extends ContractVersions> {
  readonly listener: BindListener;
  /** Starts the program, which binds under this name. */
  start(program: string, name?: string): Caller;
  /** As {@link start}, and waits until it is bound. */
  open(program: string, name?: string): Promise<Session<V>>;
  /** Ends every process that dialled in. */
  stop(): Promise<void>;
}

/** Listens; `tls` is what a plugin needs to dial in. */
export async function listen<V extends ContractVersions>(
  host: Host,
  contract: Contract<V>,
  options: Partial<ListenOptions> = {},
  tls?: BindTlsSettings,
): Promise<Listening<V>> {
  const listener = await host.listen({ admit: admitAnyone(), contracts: [contract], ...options });
  const children = new Set<ChildProcess>();
  const start = (program: string, name = contract.name): Caller => {
    // A certificate is for a name.
    const to = tls === undefined ? listener.address : listener.address.replace("127.0.0.1", "localhost");
    const [node, ...args] = nodeProgram(program) as [string, string];
    const child = spawn(node, [...args, JSON.stringify({ to, tls, name })], { stdio: ["pipe", "inherit", "inherit"] });
    child.stdin.on("error", () => {});
    children.add(child);
    child.once("exit", () => children.delete(child));
    return {
      child,
      bind() {
        child.stdin.write("\n");
        return readyOf(listener, name);
      },
    };
  };
  return {
    listener,
    start,
    open: async (program, name) => (await start(program, name).bind()) as Session<V>,
    stop: async () => {
      const exits = [...children].map((child) => once(child, "exit"));
      for (const child of children) child.stdin?.end();
      await Promise.all(exits);
    },
  };
}

function readyOf(listener: BindListener, name: string): Promise<Session> {
  return new Promise((resolve) => {
    const forget = listener.onEvent(({ kind, plugin, session }: BindEvent) => {
      if (kind !== "ready" || plugin !== name || session === undefined) return;
      forget();
      resolve(session);
    });
  });
}
