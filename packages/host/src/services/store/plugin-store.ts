import { join } from "node:path";
import { Code, ConnectError } from "@connectrpc/connect";
import { isTenonError, TenonError } from "@tenon/core";
import { AtomicFile, ChangedElsewhere } from "./atomic-file.js";
import type { Contents } from "./entries.js";
import { storeFileName } from "./file-name.js";
import { decodeStore, encodeStore } from "./store-format.js";
import type { StoreLimits } from "./store-limits.js";
import type { OpenStore } from "./store-service.js";
import { StoreState } from "./store-state.js";

/** What a {@link PluginStore} is made of. */
export interface PluginStoreInit {
  readonly plugin: string;
  readonly directory: string | undefined;
  readonly limits: StoreLimits;
  readonly onFault: ((error: TenonError) => void) | undefined;
}

/** The entries of one plugin: read at the first use, and again after another process has written the file. */
export class PluginStore implements OpenStore {
  readonly limits: StoreLimits;
  readonly #init: PluginStoreInit;
  readonly #path: string | undefined;
  #state: Promise<StoreState> | undefined;
  #isClosed = false;

  constructor(init: PluginStoreInit) {
    this.limits = init.limits;
    this.#init = init;
    this.#path = init.directory === undefined ? undefined : join(init.directory, storeFileName(init.plugin));
  }

  readonly with = async <T>(use: (state: StoreState) => T | Promise<T>): Promise<T> => {
    if (this.#isClosed) throw new ConnectError("the host has closed its store", Code.Unavailable);
    try {
      return await use(await this.#load());
    } catch (error) {
      throw isTenonError(error) ? toConnectError(error) : error;
    }
  };

  async open(): Promise<void> {
    await this.#load();
  }

  async erase(): Promise<void> {
    const state = await this.#load().catch((error: unknown) => {
      if (!isTenonError(error, "store-corrupt")) throw error;
    });
    if (state !== undefined) return state.clear();
    const file = new AtomicFile(this.#path!);
    try {
      await file.read();
      await file.write(undefined);
    } catch (cause) {
      throw this.#failed("removed", cause);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const state = await this.#state?.catch(() => undefined);
    await state?.idle();
  }

  /** What it fails with is forgotten, so that a file that was put right is read. */
  #load(): Promise<StoreState> {
    if (this.#state !== undefined) return this.#state;
    const loading = this.#read();
    this.#state = loading;
    loading.catch(() => this.#forget(loading));
    return loading;
  }

  #forget(state: Promise<StoreState>): void {
    if (this.#state === state) this.#state = undefined;
  }

  async #read(): Promise<StoreState> {
    const { plugin } = this.#init;
    // Above all that an erased store, an older copy of the file or a host before had: a version that somebody still holds must not come
    // to mean another value.
    const lastVersion = BigInt(Date.now()) * 1000n;
    if (this.#path === undefined) return new StoreState({ entries: [], lastVersion }, () => Promise.resolve());
    const file = new AtomicFile(this.#path);
    let bytes: Buffer | undefined;
    try {
      bytes = await file.read();
    } catch (cause) {
      throw this.#failed("read", cause);
    }
    const found = bytes === undefined ? { entries: [], lastVersion } : this.#decode(plugin, bytes);
    const contents = found.lastVersion > lastVersion ? found : { ...found, lastVersion };
    return new StoreState(contents, (now) => this.#write(file, now));
  }

  #decode(plugin: string, bytes: Buffer): Contents {
    try {
      return decodeStore(plugin, bytes);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw this.#report(
        new TenonError("store-corrupt", `The store file ${this.#path} of the plugin "${plugin}" is damaged: ${why}.`, {
          plugin,
          facts: { file: this.#path },
          cause,
        }),
      );
    }
  }

  async #write(file: AtomicFile, contents: Contents): Promise<void> {
    try {
      const { bytes, keys } = encodeStore(this.#init.plugin, contents);
      await file.write(keys === 0 ? undefined : bytes);
    } catch (cause) {
      // What is in the file now is what counts, so it is read again.
      if (cause instanceof ChangedElsewhere) this.#state = undefined;
      throw this.#failed("written", cause);
    }
  }

  #failed(done: string, cause: unknown): TenonError {
    const { plugin } = this.#init;
    const code = (cause as NodeJS.ErrnoException).code ?? (cause instanceof Error ? cause.message : String(cause));
    const message = `The store file ${this.#path} of the plugin "${plugin}" could not be ${done} (${code}).`;
    return this.#report(new TenonError("store-failed", message, { plugin, facts: { file: this.#path, code }, cause }));
  }

  #report(error: TenonError): TenonError {
    try {
      this.#init.onFault?.(error);
    } catch {
      // The application's own function; the error reaches the caller in any case.
    }
    return error;
  }
}

const fullCodes: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** What the plugin is told, which is no business of paths. */
function toConnectError(error: TenonError): ConnectError {
  if (error.code === "store-corrupt") {
    return new ConnectError(
      "what the host has stored for this plugin is damaged",
      Code.DataLoss,
      undefined,
      undefined,
      error,
    );
  }
  const { code } = error.facts;
  const status = fullCodes.has(code) ? Code.ResourceExhausted : Code.Unavailable;
  const message = `the host could not read or write what it stores for this plugin (${String(code)})`;
  return new ConnectError(message, status, undefined, undefined, error);
}
