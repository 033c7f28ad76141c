import type { DescService } from "@bufbuild/protobuf";
import { type Contract, TenonError } from "@tenon/core";
import { describe } from "../options/check.js";

/** One service of a plugin that is to run in this process. */
export interface InlineService {
  /** Its local name in the contract. */
  readonly name: string;
  readonly service: DescService;
  /** Its methods, as Connect-ES's `ServiceImpl` has them. */
  readonly implementation: object;
}

/** A contract with its implementation, as `implement` of @tenon/plugin makes it; of any copy of that package. */
export interface InlinePlugin {
  readonly contract: Contract;
  /** The versions that the plugin serves, each with its services. */
  readonly versions: Readonly<Record<number, readonly InlineService[]>>;
}

/** A plugin, and what its module wants to be called at the end. */
export interface LoadedPlugin {
  readonly plugin: InlinePlugin;
  /** The module's export of that name. */
  readonly dispose: (() => unknown) | undefined;
}

/**
 * Finds the plugin among the exports of a module: its default export, also where CommonJS has wrapped that once more.
 *
 * @throws {@link TenonError} `plugin-invalid`
 */
export function findPlugin(exports: unknown, file: string): LoadedPlugin {
  const candidates = [memberOf(exports, "default"), memberOf(memberOf(exports, "default"), "default"), exports];
  const plugin = candidates.find(looksLikePlugin);
  if (plugin === undefined) {
    const found = memberOf(exports, "default");
    const what = found === undefined ? "has no default export" : `exports ${describe(found)} by default`;
    throw invalid(file, `${what}; it must export by default what implement() of @tenon/plugin returned`);
  }
  checkPlugin(plugin, file);
  const owner = [exports, memberOf(exports, "default")].find((each) => typeof memberOf(each, "dispose") === "function");
  const dispose = memberOf(owner, "dispose") as (() => unknown) | undefined;
  return { plugin, dispose };
}

/** Checks what can be seen of a plugin. @throws {@link TenonError} `plugin-invalid` */
export function checkPlugin(plugin: unknown, where: string): asserts plugin is InlinePlugin {
  if (!looksLikePlugin(plugin)) throw invalid(where, "is nothing that implement() of @tenon/plugin has made");
  const { contract, versions } = plugin;
  const { cookie } = contract;
  if (typeof contract.name !== "string" || typeof cookie?.key !== "string" || typeof cookie.value !== "string") {
    throw invalid(where, "has a contract without name or cookie; make it with defineContract");
  }
  const entries = Object.entries(versions);
  if (entries.length === 0) throw invalid(where, "implements no version of its contract");
  for (const [version, services] of entries) {
    const isList = Array.isArray(services) && services.length > 0;
    if (!isList || !services.every(isService))
      throw invalid(where, `has something else than services in version ${version}`);
  }
}

function looksLikePlugin(value: unknown): value is InlinePlugin {
  return isObject(memberOf(value, "contract")) && isObject(memberOf(value, "versions"));
}

function isService(value: unknown): value is InlineService {
  const service = memberOf(value, "service");
  return (
    memberOf(service, "kind") === "service" &&
    typeof memberOf(service, "typeName") === "string" &&
    isObject(memberOf(value, "implementation"))
  );
}

function memberOf(value: unknown, name: string): unknown {
  return isObject(value) || typeof value === "function"
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function invalid(where: string, why: string): TenonError {
  return new TenonError("plugin-invalid", `${where} ${why}.`, { facts: { file: where } });
}
