import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createSlots } from "../conformance/run-checks.js";
import { type ProbePlan, usualLine } from "./probe-plan.js";
import { type HostRun, type HostRunRequest, runHost } from "./run-host.js";

/** What the suite must know of a host, complete. */
export interface HostSettings {
  readonly command: readonly string[];
  readonly cookie: { readonly key: string; readonly value: string } | undefined;
  readonly versions: readonly number[];
  readonly timeoutMs: number;
  /** The host's own limit for a start; 0: not looked at. */
  readonly startTimeoutMs: number;
  /** Runs at the same time. */
  readonly maxParallel: number;
}

/** The subject of the checks of a host: runs it with probes of every kind. */
export class HostSubject {
  readonly settings: HostSettings;
  readonly #directory = mkdtempSync("/tmp/tc");
  readonly #runs = new Map<string, Promise<HostRun>>();
  readonly #slots: () => Promise<() => void>;
  #count = 0;

  constructor(settings: HostSettings) {
    this.settings = settings;
    this.#slots = createSlots(settings.maxParallel);
  }

  /** Runs the host with a probe, once for each name. */
  run(name: string, plan: ProbePlan = {}, more: Partial<HostRunRequest> = {}): Promise<HostRun> {
    let run = this.#runs.get(name);
    if (run === undefined) {
      run = this.#runNow({ line: usualLine, ...plan }, more);
      run.catch(() => {});
      this.#runs.set(name, run);
    }
    return run;
  }

  async #runNow(plan: ProbePlan, more: Partial<HostRunRequest>): Promise<HostRun> {
    const release = await this.#slots();
    try {
      const directory = `${this.#directory}/${(this.#count += 1)}`;
      mkdirSync(directory, { mode: 0o700 });
      const { command, timeoutMs } = this.settings;
      return await runHost({ command, directory, timeoutMs, plan, ...more });
    } finally {
      release();
    }
  }

  /** The run in which nothing is out of order. */
  usual(): Promise<HostRun> {
    return this.run("usual");
  }

  /** Whether the host asks for AutoMTLS. */
  async wantsTls(): Promise<boolean> {
    return ((await this.usual()).probeEnv?.["PLUGIN_CLIENT_CERT"] ?? "") !== "";
  }

  close(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
