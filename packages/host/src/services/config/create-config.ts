import type { ServiceImpl } from "@connectrpc/connect";
import { TenonError } from "@tenon/core";
import type { Config } from "@tenon/core/host-services";
import { checkKeys, functionOrNothing, wholeNumber } from "../../options/check.js";
import type { PluginIdentity } from "../plugin-identity.js";
import { configService } from "./config-service.js";
import { Current } from "./current.js";

/** Options of {@link createConfig}. */
export interface ConfigOptions {
  /**
   * Checks a configuration and returns the one to use, with defaults filled in for instance; what it throws refuses it. The `parse` of a
   * zod schema will do. Default: every value that JSON has.
   */
  readonly validate?: (value: unknown, plugin: string) => unknown;
  /** The longest configuration, as JSON in UTF-8. Default 1 MiB. Longer: `config-invalid`. */
  readonly maxValueBytes?: number;
  /** The most watches of one plugin at a time, all its instances together. Default 100. More: `ResourceExhausted`. */
  readonly maxWatches?: number;
}

/** Configurations by plugin. */
export interface ConfigService {
  /** The service of one plugin, for `hostServices: { config: config.for }`. */
  readonly for: (plugin: PluginIdentity) => ServiceImpl<typeof Config>;
  /**
   * Gives a plugin a configuration; those who watch it are told, unless it is the one that they have.
   *
   * @throws {@link TenonError} `config-invalid`, with what `validate` threw as its cause; the one before stays
   */
  set(plugin: string, value: unknown): void;
  /** A copy of what a plugin has, as `validate` returned it and JSON keeps it; undefined where it has none. */
  get(plugin: string): unknown;
  /** Takes it away: `Get` fails with `NotFound` and watches wait for the next. */
  remove(plugin: string): void;
}

/**
 * Creates the service `tenon.host.v1.Config`.
 *
 * @throws {@link TenonError} `option-invalid`
 */
export function createConfig(options: ConfigOptions = {}): ConfigService {
  checkKeys("options", options, ["validate", "maxValueBytes", "maxWatches"] satisfies (keyof ConfigOptions)[]);
  const validate = functionOrNothing("options.validate", options.validate);
  const maxValueBytes = wholeNumber("options.maxValueBytes", options.maxValueBytes, 1024 * 1024, 1, 2 ** 30);
  const maxWatches = wholeNumber("options.maxWatches", options.maxWatches, 100, 1, 1_000_000);
  const all = new Map<string, Current>();
  const currentOf = (plugin: string): Current => {
    const known = all.get(plugin);
    if (known !== undefined) return known;
    const made = new Current();
    all.set(plugin, made);
    return made;
  };
  return {
    for: ({ name }) => configService(name, currentOf(name), maxWatches),
    set(plugin, value) {
      const valid = validate === undefined ? value : runValidate(validate, value, plugin);
      const json = toJson(valid, plugin);
      const bytes = Buffer.byteLength(json);
      if (bytes > maxValueBytes)
        throw invalid(plugin, `its ${bytes} bytes are more than maxValueBytes ${maxValueBytes}`);
      currentOf(plugin).set(json);
    },
    get(plugin) {
      const snapshot = all.get(plugin)?.snapshot;
      return snapshot === undefined ? undefined : (JSON.parse(snapshot.json) as unknown);
    },
    remove: (plugin) => all.get(plugin)?.set(undefined),
  };
}

function runValidate(validate: NonNullable<ConfigOptions["validate"]>, value: unknown, plugin: string): unknown {
  let valid: unknown;
  try {
    valid = validate(value, plugin);
  } catch (cause) {
    throw invalid(plugin, cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (valid instanceof Promise) {
    valid.catch(() => {});
    throw invalid(plugin, "validate returned a promise, and a configuration is judged at once");
  }
  return valid;
}

function toJson(value: unknown, plugin: string): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(value) as string | undefined;
  } catch (cause) {
    throw invalid(
      plugin,
      `it cannot be written as JSON (${cause instanceof Error ? cause.message : String(cause)})`,
      cause,
    );
  }
  if (json === undefined) throw invalid(plugin, "it is nothing that JSON has");
  return json;
}

function invalid(plugin: string, why: string, cause?: unknown): TenonError {
  return new TenonError("config-invalid", `The configuration for the plugin "${plugin}" was refused: ${why}`, {
    plugin,
    cause,
  });
}
