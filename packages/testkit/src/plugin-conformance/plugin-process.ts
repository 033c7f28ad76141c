import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually, withTimeout } from "../timing.js";
import { isProcessAlive } from "../leaks/processes.js";
import { findLine, type FoundLine } from "./line.js";

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program and its surroundings. */
export interface ProcessSpec {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Starts it through a shell that can be killed in its place, so that the plugin loses its parent and nothing else. */
  readonly withParent?: boolean;
}

/** How long standard output must rest before a line without its line feed counts. */
const quietMs = 400;
/**
 * Descriptor 3 becomes the plugin's standard input and the plugin's process id goes to descriptor 4: a shell gives programs
 * in the background /dev/null, and tells their ids to nobody.
 */
const parentScript = '"$@" <&3 3<&- 4>&- & echo $! >&4; exec 3<&- 4>&-; wait';

/** A running program in a process group of its own. What it prints is kept, and read unless told otherwise. */
export class PluginProcess {
  /** Set once the process and its pipes have ended. */
  exit: Exit | undefined;
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #hasParent: boolean;
  #printed = "";
  #printedAt = performance.now();
  #stderr = "";
  #failure: Error | undefined;

  constructor({ command, env, withParent = false }: ProcessSpec) {
    const [file, ...args] = withParent ? ["/bin/sh", "-c", parentScript, "sh", ...command] : command;
    this.#hasParent = withParent;
    const stdio = withParent
      ? (["ignore", "pipe", "pipe", "pipe", "pipe"] as const)
      : (["pipe", "pipe", "pipe"] as const);
    this.#child = spawn(file!, args, { env: { ...env }, stdio: [...stdio], detached: true });
    this.#child.on("error", (error) => (this.#failure = error));
    for (const stream of this.#child.stdio) stream?.on("error", () => {});
    this.#child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      this.#printed += text;
      this.#printedAt = performance.now();
    });
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => (this.#stderr += text));
    this.exited = new Promise((resolve) => {
      this.#child.once("exit", (code, signal) => resolve((this.exit = { code, signal })));
      this.#child.once("error", () => resolve((this.exit = { code: null, signal: null })));
    });
  }

  /** Of the program, or of the shell before it. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get stdout(): string {
    return this.#printed;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** The handshake line. Rejects when the process ends without one, or after `timeoutMs`. */
  async line(timeoutMs: number): Promise<FoundLine> {
    const endsAt = performance.now() + timeoutMs;
    for (;;) {
      const exit = this.exit;
      // What a process wrote last may be read after its end.
      if (exit !== undefined) await this.drained(500);
      const isQuiet = performance.now() - this.#printedAt > quietMs || exit !== undefined;
      const line = findLine(this.#printed, isQuiet);
      if (line !== undefined) return line;
      if (this.#failure !== undefined) throw this.#failure;
      if (exit !== undefined) throw new Error(`it ended without a handshake line, ${this.describeEnd()}`);
      if (performance.now() >= endsAt) throw new Error(`no handshake line within ${timeoutMs} ms${this.#lastWords()}`);
      await sleep(5);
    }
  }

  /** Resolves with how it ended, or with undefined after `timeoutMs`. */
  async ended(timeoutMs: number): Promise<Exit | undefined> {
    const late = new AbortController();
    try {
      return await Promise.race([
        this.exited,
        sleep(timeoutMs, undefined, { signal: late.signal }).catch(() => undefined),
      ]);
    } finally {
      late.abort();
    }
  }

  /** Resolves when both pipes have ended, or after `timeoutMs`: a grandchild can hold them open. */
  async drained(timeoutMs: number): Promise<void> {
    const open = [this.#child.stdout!, this.#child.stderr!].filter(
      (stream) => !stream.readableEnded && !stream.destroyed,
    );
    const ends = open.map((stream) => once(stream, "close"));
    await withTimeout(Promise.all(ends), timeoutMs).catch(() => {});
  }

  /** To the whole group, as a terminal and a host do. */
  signal(name: NodeJS.Signals): void {
    try {
      process.kill(-this.pid!, name);
    } catch {
      // Gone, or never there.
    }
  }

  /** Stops or goes on reading what it prints. */
  setReading(isReading: boolean): void {
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      if (isReading) stream.resume();
      else stream.pause();
    }
  }

  closeStdin(): void {
    this.#child.stdin?.end();
  }

  /** Kills the shell that stands for the host, and resolves with the plugin's process id. */
  async loseParent(): Promise<number> {
    if (!this.#hasParent) throw new Error("the plugin was started without a parent of its own");
    let text = "";
    const report = this.#child.stdio[4] as Readable;
    report.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    const pid = await eventually(() => Number(text.trim()), { what: "the plugin's process id" });
    this.#child.kill("SIGKILL");
    return pid;
  }

  /** Ends it with all it started, and lets go of its pipes. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    if (this.#failure === undefined && this.pid !== undefined) {
      await eventually(() => this.exit !== undefined || !isProcessAlive(this.pid!), { what: "its end" }).catch(
        () => {},
      );
    }
    for (const stream of this.#child.stdio) stream?.destroy();
  }

  describeEnd(): string {
    const { code, signal } = this.exit ?? { code: null, signal: null };
    const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
    return `${how}${this.#lastWords()}`;
  }

  #lastWords(): string {
    const words = this.#stderr.trim().slice(-300);
    return words === "" ? " and without a word on stderr" : `; stderr: ${words}`;
  }
}
