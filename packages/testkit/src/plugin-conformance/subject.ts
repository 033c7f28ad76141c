import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { withoutHandshakeVariables } from "@tenon/core";
import { type Certificate, createCertificate } from "@tenon/wire";
import type { FoundLine, Target } from "./line.js";
import { PluginProcess } from "./plugin-process.js";

/** What the suite must know of a plugin, complete. */
export interface PluginSettings {
  readonly command: readonly string[];
  readonly cookie: { readonly key: string; readonly value: string };
  /** Empty: found out by asking. */
  readonly versions: readonly number[];
  readonly timeoutMs: number;
  readonly settleMs: number;
  readonly prints: string | undefined;
  /** The plugin cannot run twice at once: what is shared is started again where another start has ended it. */
  readonly isAlone: boolean;
}

/** How one start differs from the usual one. */
export interface Variation {
  /** Variables on top of the usual ones; undefined removes one. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly withParent?: boolean;
}

/** A plugin that has printed its line. */
export interface Started {
  readonly process: PluginProcess;
  readonly line: FoundLine;
  readonly target: Target;
  /** Its temporary directory, which nobody else uses. */
  readonly directory: string;
}

/** A version that no plugin has. */
export const noVersion = 2_000_000_011;
const many = Array.from({ length: 100 }, (_, i) => i);

/** The subject of the checks: starts the plugin in every way, and ends whatever was started. */
export class PluginSubject {
  readonly settings: PluginSettings;
  readonly own: Certificate = createCertificate();
  readonly #directory: string;
  readonly #processes: PluginProcess[] = [];
  readonly #once = new Map<string, Promise<unknown>>();
  #starts = 0;

  constructor(settings: PluginSettings) {
    this.settings = settings;
    // Short, for sockets go there; and /tmp where there is one, since some systems have a long temporary directory.
    this.#directory = mkdtempSync(process.platform === "win32" ? `${tmpdir()}\\tc` : "/tmp/tc");
  }

  /** How often the plugin was started so far. */
  get starts(): number {
    return this.#starts;
  }

  /** Makes something once, whoever asks. */
  once<T>(name: string, make: () => Promise<T>): Promise<T> {
    let made = this.#once.get(name) as Promise<T> | undefined;
    if (made === undefined) {
      made = make();
      made.catch(() => {});
      this.#once.set(name, made);
    }
    return made;
  }

  /** Makes a fresh directory below the subject's own. */
  makeDirectory(name: string): string {
    const path = `${this.#directory}/${name}`;
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  }

  /** Starts the program, and does not wait for its line. */
  async launch(variation: Variation = {}): Promise<{ process: PluginProcess; directory: string }> {
    const { command, cookie, versions, isAlone } = this.settings;
    if (isAlone) await this.#endAll();
    const directory = this.makeDirectory(`${(this.#starts += 1)}`);
    const env: Record<string, string | undefined> = {
      ...withoutHandshakeVariables(process.env, cookie.key),
      TMPDIR: directory,
      PLUGIN_MIN_PORT: "10000",
      PLUGIN_MAX_PORT: "25000",
      PLUGIN_PROTOCOL_VERSIONS: [...(versions.length > 0 ? versions : many), noVersion].join(","),
      [cookie.key]: cookie.value,
      ...variation.env,
    };
    const defined = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const started = new PluginProcess({
      command,
      env: Object.fromEntries(defined),
      ...(variation.withParent && { withParent: true }),
    });
    this.#processes.push(started);
    return { process: started, directory };
  }

  /** Starts the plugin and waits for its line. */
  async start(variation?: Variation): Promise<Started> {
    const { process, directory } = await this.launch(variation);
    const line = await process.line(this.settings.timeoutMs);
    return { process, line, target: line.target, directory };
  }

  /** One plugin in plaintext for all checks that only talk to it. */
  plain(): Promise<Started> {
    return this.#shared("plain", {});
  }

  /** One plugin that was offered our certificate. */
  secure(): Promise<Started> {
    return this.#shared("secure", { env: { PLUGIN_CLIENT_CERT: this.own.certPem } });
  }

  /** One plugin that was asked for a multiplexed broker. */
  multiplexed(): Promise<Started> {
    return this.#shared("multiplexed", { env: { PLUGIN_MULTIPLEX_GRPC: "true" } });
  }

  /** The plugin's versions, lowest first, as far as they are known: those that were given, or the lowest and highest that it answers with. */
  async versions(): Promise<number[]> {
    if (this.settings.versions.length > 0) return [...this.settings.versions].sort((a, b) => a - b);
    const lowest = await this.withoutVersions();
    const highest = await this.plain();
    const found = [lowest, highest].map(({ line }) => Number(line.fields[1]));
    return [...new Set(found)].sort((a, b) => a - b);
  }

  /** One plugin that was not told any versions. */
  withoutVersions(): Promise<Started> {
    return this.#shared("without versions", { env: { PLUGIN_PROTOCOL_VERSIONS: undefined } });
  }

  async close(): Promise<void> {
    await this.#endAll();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #shared(name: string, variation: Variation): Promise<Started> {
    const found = await this.once(name, () => this.start(variation));
    if (!this.settings.isAlone || found.process.exit === undefined) return found;
    this.#once.delete(name);
    return this.once(name, () => this.start(variation));
  }

  async #endAll(): Promise<void> {
    await Promise.all(this.#processes.splice(0).map((process) => process.kill()));
  }
}
