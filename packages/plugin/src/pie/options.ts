import { type DescMethod } from "@bufbuild/protobuf";
import { type Contract, TenonError } from "@tenon/core";
import type { JsonRpcOptions, JsonRpcService } from "@tenon/wire/json-rpc";
import type { Plugin } from "../implement.js";

/** What a provider is served with. Each option has a default. */
export interface PieProviderOptions extends JsonRpcOptions {
  /** Which version of the contract is served. Default: the lowest, as Tenon's hosts take it. */
  readonly version?: number;
  /** Calls that may be under way at once; beyond them no more requests are read until one is answered. Default 10000. */
  readonly maxConcurrentCalls?: number;
}

/** The services of the version that is to be served. @throws {@link TenonError} `option-invalid` where the plugin has no such version */
export function servicesOf(plugin: Plugin, version = lowestOf(plugin.contract)): readonly JsonRpcService[] {
  const services = plugin.versions[version];
  if (services !== undefined) return services;
  const { name } = plugin.contract;
  throw new TenonError(
    "option-invalid",
    `The option version is not valid: the plugin "${name}" has no version ${version}, it has ${Object.keys(plugin.versions).join(", ")}.`,
    { plugin: name, facts: { option: "version" } },
  );
}

/** The methods of services that JSON-RPC cannot carry, as `Service/Method`. */
export function streamingMethods(services: readonly JsonRpcService[]): readonly string[] {
  const streams = ({ methodKind }: DescMethod) => methodKind !== "unary";
  return services.flatMap(({ service }) =>
    service.methods.filter(streams).map((method) => `${service.typeName}/${method.name}`),
  );
}

function lowestOf({ versions }: Contract): number {
  return Math.min(...Object.keys(versions).map(Number));
}
