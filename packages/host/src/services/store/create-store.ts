import { resolve } from "node:path";
import type { ServiceImpl } from "@connectrpc/connect";
import type { TenonError } from "@tenon/core";
import type { Store } from "@tenon/core/host-services";
import { checkKeys, functionOrNothing, invalidOption, textOrNothing, wholeNumber } from "../../options/check.js";
import type { PluginIdentity } from "../plugin-identity.js";
import { PluginStore } from "./plugin-store.js";
import type { StoreLimits } from "./store-limits.js";
import { storeService } from "./store-service.js";

/** Options of {@link createStore}. */
export interface StoreOptions {
  /**
   * Where each plugin's entries are kept, in one file; made when it is first needed. One host at a time may use it. Default: entries
   * are kept in memory and go with the host.
   */
  readonly directory?: string;
  /** The longest key, in bytes of UTF-8. Default 1024. Longer: `InvalidArgument`. */
  readonly maxKeyBytes?: number;
  /** The longest value. Default 1 MiB. Longer: `ResourceExhausted`. */
  readonly maxValueBytes?: number;
  /** The most keys of one plugin. Default 10000. More: `ResourceExhausted`. */
  readonly maxKeys?: number;
  /**
   * The most bytes that keys and values of one plugin have together. Default 16 MiB. More: `ResourceExhausted`. They are in memory, and each
   * batch of writes writes the file anew.
   */
  readonly maxTotalBytes?: number;
  /** The most entries of one page of a list. Default 1000. More come on the next page. */
  readonly maxPageEntries?: number;
  /** The most bytes of one page, unless its only entry has more. Default 1 MiB. More come on the next page. */
  readonly maxPageBytes?: number;
  /** Is told of every fault of a file, `store-corrupt` or `store-failed`; the plugin learns the kind and no path. Default: nobody is. */
  readonly onFault?: (error: TenonError) => void;
}

/** Entries by plugin. */
export interface StoreService {
  /** The service of one plugin, for `hostServices: { store: store.for }`. Instances of one name share their entries. */
  readonly for: (plugin: PluginIdentity) => ServiceImpl<typeof Store>;
  /**
   * Reads a plugin's file now instead of at its first call.
   *
   * @throws {@link TenonError} `store-corrupt`, `store-failed`
   */
  open(plugin: string): Promise<void>;
  /**
   * Removes all entries of a plugin, file included, for one that is uninstalled. A corrupt file is removed too.
   *
   * @throws {@link TenonError} `store-failed`
   */
  erase(plugin: string): Promise<void>;
  /** Waits for writes that are under way. Calls that come afterwards fail with `Unavailable`. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const mib = 1024 * 1024;
const mostBytes = 1024 * mib;

/**
 * Creates the service `tenon.host.v1.Store`: entries of each plugin in memory, or in one file per plugin, replaced as a whole before a write
 * is answered.
 *
 * @throws {@link TenonError} `option-invalid`
 */
export function createStore(options: StoreOptions = {}): StoreService {
  const { directory, limits, onFault } = parseOptions(options);
  const stores = new Map<string, PluginStore>();
  const storeOf = (plugin: string): PluginStore => {
    const known = stores.get(plugin);
    if (known !== undefined) return known;
    const made = new PluginStore({ plugin, directory, limits, onFault });
    stores.set(plugin, made);
    return made;
  };
  let isClosed = false;
  const close = async (): Promise<void> => {
    isClosed = true;
    await Promise.all([...stores.values()].map((store) => store.close()));
  };
  return {
    for: ({ name }) => {
      const store = storeOf(name);
      if (isClosed) void store.close();
      return storeService(store);
    },
    open: (plugin) => storeOf(plugin).open(),
    erase: (plugin) => storeOf(plugin).erase(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

const keys = [
  "directory",
  "maxKeyBytes",
  "maxValueBytes",
  "maxKeys",
  "maxTotalBytes",
  "maxPageEntries",
  "maxPageBytes",
  "onFault",
] as const satisfies readonly (keyof StoreOptions)[];

function parseOptions(options: StoreOptions) {
  checkKeys("options", options, keys);
  const number = (key: keyof StoreLimits, fallback: number, most: number): number =>
    wholeNumber(`options.${key}`, options[key], fallback, 1, most);
  const limits: StoreLimits = {
    maxKeyBytes: number("maxKeyBytes", 1024, mib),
    maxValueBytes: number("maxValueBytes", mib, mostBytes),
    maxKeys: number("maxKeys", 10_000, 10_000_000),
    maxTotalBytes: number("maxTotalBytes", 16 * mib, mostBytes),
    maxPageEntries: number("maxPageEntries", 1000, 1_000_000),
    maxPageBytes: number("maxPageBytes", mib, mostBytes),
  };
  if (limits.maxValueBytes > limits.maxTotalBytes) {
    throw invalidOption(
      "options.maxValueBytes",
      `${limits.maxValueBytes} is above maxTotalBytes ${limits.maxTotalBytes}`,
    );
  }
  const directory = textOrNothing("options.directory", options.directory);
  return {
    directory: directory === undefined ? undefined : resolve(directory),
    limits,
    onFault: functionOrNothing("options.onFault", options.onFault),
  };
}
