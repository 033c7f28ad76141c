import type { DescService } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import type { ContractServices } from "@tenon/core";
import { checkKeys, describe, invalidOption } from "../options/check.js";
import type { PluginIdentity } from "../services/plugin-identity.js";

/** What implements a service of the host: one implementation for all, or a function that makes one for each instance that is started. */
export type HostServiceImplementation<S extends DescService> =
  | ServiceImpl<S>
  | ((plugin: PluginIdentity) => ServiceImpl<S>);

/**
 * What a host grants to a plugin: implementations of the host services that its contract declares, by their names there. What is left out,
 * or undefined, is not granted; what the contract does not declare is not served, so that several contracts can share one object.
 */
export type HostServices<H extends ContractServices = ContractServices> = string extends keyof H
  ? Readonly<Record<string, object | undefined>>
  : {
      readonly [K in keyof H]?: (H[K] extends DescService ? HostServiceImplementation<H[K]> : never) | undefined;
    };

/** {@link HostServices}, checked: name to implementation or to the function that makes one. */
export type ParsedHostServices = ReadonlyMap<string, object>;

/** Checks what a host grants, and copies it. @throws TenonError `option-invalid`, naming the key */
export function parseHostServices(option: string, value: unknown): ParsedHostServices {
  const granted = new Map<string, object>();
  for (const [name, given] of Object.entries(checkKeys(option, value))) {
    if (given === undefined) continue;
    if ((typeof given !== "object" && typeof given !== "function") || given === null) {
      throw invalidOption(
        `${option}.${name}`,
        `it must be an implementation, or a function that makes one, not ${describe(given)}`,
      );
    }
    granted.set(name, given);
  }
  return granted;
}
