import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A client process under measurement, which has a server process of its own. */
export interface ClientProcess {
  /** What it said when it was ready. */
  readonly ready: unknown;
  /** Has one order carried out. Rejects when the process ends first. */
  ask<A>(order: object): Promise<A>;
  /** Ends client and server, and waits for the client's end. */
  stop(): Promise<void>;
}

const stopTimeoutMs = 10_000;

/**
 * Starts a client that speaks the lines of `answerOrders`, in a process group of its own, and waits until it is ready.
 * Aborting the signal ends its stdin, upon which it leaves by itself; the group is killed when that takes too long.
 */
export async function startClient(command: readonly string[], signal: AbortSignal): Promise<ClientProcess> {
  signal.throwIfAborted();
  const [file, ...args] = command;
  const child = spawn(file!, args, { stdio: ["pipe", "pipe", "inherit"], detached: true });
  const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  const ended = exited.then(([code, killedBy]): never => {
    throw new Error(`${command.join(" ")} ended early (${killedBy ?? `exit code ${code}`})`);
  });
  ended.catch(() => {}); // Only the answer that somebody waits for makes this an error.
  child.stdin.on("error", () => {});
  const end = () => child.stdin.end();
  signal.addEventListener("abort", end, { once: true });

  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async () => {
    const line = await Promise.race([lines.next(), ended]);
    if (line.done) return await ended;
    return JSON.parse(line.value) as unknown;
  };
  return {
    ready: await nextLine(),
    ask: async <A>(order: object) => {
      child.stdin.write(`${JSON.stringify(order)}\n`);
      return (await nextLine()) as A;
    },
    stop: async () => {
      signal.removeEventListener("abort", end);
      end();
      const kill = setTimeout(() => process.kill(-child.pid!, "SIGKILL"), stopTimeoutMs);
      await exited.finally(() => clearTimeout(kill));
    },
  };
}
