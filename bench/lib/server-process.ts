import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The server process of a rival pair, as its client sees it. */
export interface ServerProcess {
  /** Path of the unix socket that it serves. */
  readonly path: string;
  readonly pid: number;
  /** Ends the server and waits for its end. */
  stop(): Promise<void>;
}

/** Starts the server that lies beside the calling client: another process, found by the path that it prints. */
export async function startServer(client: string, name = "server.js"): Promise<ServerProcess> {
  const script = fileURLToPath(new URL(name, client));
  const child = spawn(process.execPath, [script], { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const first = once(createInterface({ input: child.stdout }), "line") as Promise<[string]>;
  const [path] = await Promise.race([first, exited.then(() => Promise.reject(new Error(`${script} ended at once`)))]);
  return {
    path,
    pid: child.pid!,
    stop: async () => {
      child.stdin.end();
      await exited;
    },
  };
}

/**
 * The life of every rival server: calls `listen` with a path for its unix socket, prints that path once it listens,
 * and leaves when its stdin ends, which also happens when its client is killed.
 */
export async function serveUntilStdinEnds(listen: (path: string) => Promise<unknown>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tenon-bench-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "s");
  await listen(path);
  console.log(path);
  process.stdin.resume().once("end", () => process.exit(0));
}
