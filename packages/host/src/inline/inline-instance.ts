import { Readable } from "node:stream";
import type { ContextValues, Transport } from "@connectrpc/connect";
import { GRPCController, TenonError } from "@tenon/core";
import { hostServicesKey } from "@tenon/wire/broker";
import { createDirectChannel, type DirectChannel, type DirectService, directService } from "@tenon/wire/direct";
import { type Caller, callerKey } from "@tenon/wire/host-services";
import { createHealth, type HealthService } from "@tenon/wire/health";
import { createDeferred } from "../async/deferred.js";
import type { ExitFacts } from "../launch/exit-facts.js";
import type { LaunchedInstance, Reach } from "../launch/launcher.js";
import type { LoadedPlugin } from "./inline-plugin.js";
import { textOf } from "./load-file.js";

/** What an instance in this process is made of, beside its code. */
export interface InlineInstanceInit {
  /** Name of the plugin and id of the instance, for messages. */
  readonly plugin: string;
  readonly instance: string;
  /** Of the contract. */
  readonly version: number;
  /** Name of the host, whom the plugin knows as its caller. */
  readonly host: string;
  readonly hostServices: Transport | undefined;
  readonly copy: boolean;
  /** Reads the code anew; undefined where it stays what it is. */
  readonly load: (() => Promise<LoadedPlugin>) | undefined;
}

/** Makes an instance of a plugin that is loaded. */
export function createInlineInstance(loaded: LoadedPlugin, init: InlineInstanceInit): LaunchedInstance {
  const instance = new InlineInstance(loaded, init);
  return {
    reach: instance.reach,
    exited: instance.exited,
    stderr: instance.stderr,
    signal: (signal) => instance.signal(signal),
    release: () => instance.release(),
    ...(init.load !== undefined && { reload: (signal: AbortSignal | undefined) => instance.reload(signal) }),
  };
}

/** Keeps hold of the code that runs now, and of no other. */
class InlineInstance {
  /** What goes wrong while the plugin cleans up: lines for the log. */
  readonly stderr = new Readable({ read() {} });
  readonly #init: InlineInstanceInit;
  readonly #health: HealthService;
  readonly #controller: DirectService;
  readonly #channel: DirectChannel;
  readonly #exited = createDeferred<ExitFacts>();
  #loaded: LoadedPlugin | undefined;
  #isEnding = false;
  #hasEnded = false;
  /** The last reload, which the next one waits for. */
  #reloading: Promise<void> = Promise.resolve();

  constructor(loaded: LoadedPlugin, init: InlineInstanceInit) {
    this.#init = init;
    this.#loaded = loaded;
    const names = ["", "plugin", ...loaded.plugin.versions[init.version]!.map(({ service }) => service.typeName)];
    this.#health = createHealth(Object.fromEntries(names.map((name) => [name, "serving"])));
    this.#controller = directService(GRPCController, {
      shutdown: () => {
        setImmediate(() => void this.#shutDown());
        return {};
      },
    });
    this.#channel = createDirectChannel(this.#servicesOf(loaded), {
      copy: init.copy,
      contextValues: contextValuesOf(init),
    });
  }

  get reach(): Reach {
    return { kind: "channel", channel: this.#channel, version: this.#init.version };
  }

  get exited(): Promise<ExitFacts> {
    return this.#exited.promise;
  }

  signal(signal: "SIGTERM" | "SIGKILL" | "SIGCONT"): boolean {
    if (signal === "SIGKILL") this.#kill(this.#error("plugin-exited", "was killed"));
    else if (signal === "SIGTERM") void this.#shutDown();
    return true;
  }

  release(): void {
    this.#kill(this.#error("session-closed", "was stopped. Start a new instance"));
  }

  async reload(signal: AbortSignal | undefined): Promise<void> {
    const turn = this.#reloading.then(() => this.#reload(signal));
    this.#reloading = turn.catch(() => {});
    await turn;
  }

  async #reload(signal: AbortSignal | undefined): Promise<void> {
    if (this.#isEnding) throw this.#error("session-closed", "was stopped and takes no new code");
    signal?.throwIfAborted();
    const loading = this.#init.load!();
    const loaded = await untilAborted(loading, signal).catch((error: unknown) => {
      // It may have begun to run all the same.
      loading.then((late) => this.#dispose(late)).catch(() => {});
      throw error;
    });
    try {
      if (this.#isEnding) throw this.#error("session-closed", "was stopped and takes no new code");
      this.#takeOver(loaded);
    } catch (error) {
      void this.#dispose(loaded);
      throw error;
    }
  }

  /** Calls that come from now on run on the new code. */
  #takeOver(loaded: LoadedPlugin): void {
    const services = this.#servicesOf(loaded);
    const old = this.#loaded!;
    const drained = this.#channel.replace(services);
    this.#loaded = loaded;
    void drained.then(() => this.#dispose(old));
  }

  #servicesOf({ plugin }: LoadedPlugin): DirectService[] {
    const { version } = this.#init;
    const services = plugin.versions[version];
    if (services === undefined) {
      const served = Object.keys(plugin.versions).join(", ");
      throw this.#error(
        "version-mismatch",
        `runs version ${version} of its contract, and the new code has only ${served}`,
      );
    }
    const own = services.map(({ service, implementation }) => ({ service, implementation }));
    return [...own, directService(this.#health.service, this.#health.implementation), this.#controller];
  }

  /** Lets calls in flight end, then the plugin clean up. */
  async #shutDown(): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#health.close();
    await this.#channel.close(this.#error("session-closed", "was stopped. Start a new instance"));
    await this.#disposeCurrent();
    this.#end({ exitCode: 0, signal: null });
  }

  #kill(cause: TenonError): void {
    this.#isEnding = true;
    this.#health.close();
    this.#channel.destroy(cause);
    void this.#disposeCurrent();
    this.#end({ exitCode: null, signal: "SIGKILL" });
  }

  #end(facts: ExitFacts): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.stderr.push(null);
    this.#exited.resolve(facts);
  }

  async #disposeCurrent(): Promise<void> {
    const loaded = this.#loaded;
    this.#loaded = undefined;
    if (loaded !== undefined) await this.#dispose(loaded);
  }

  async #dispose({ dispose }: LoadedPlugin): Promise<void> {
    try {
      await dispose?.();
    } catch (cause) {
      if (!this.#hasEnded) this.stderr.push(`dispose of the plugin failed: ${textOf(cause)}\n`);
    }
  }

  #error(code: "plugin-exited" | "session-closed" | "version-mismatch", what: string): TenonError {
    const { plugin, instance } = this.#init;
    return new TenonError(code, `the plugin "${plugin}" (instance ${instance}) ${what}`, {
      plugin,
      facts: { instance },
    });
  }
}

function contextValuesOf({ host, hostServices }: InlineInstanceInit): (values: ContextValues) => void {
  const caller: Caller = { name: host, instance: undefined };
  const source = hostServices && Object.assign(() => Promise.resolve(hostServices), { ready: hostServices });
  return (values) => {
    values.set(callerKey, caller);
    if (source !== undefined) values.set(hostServicesKey, source);
  };
}

/** Rejects when the signal aborts, whatever becomes of the work. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work;
  let abort!: () => void;
  const aborted = new Promise<never>((_, reject) => (abort = () => reject(signal.reason as Error)));
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
