import type { DescService } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { type Contract, type ContractServices, type ContractVersions, TenonError } from "@tenon/core";

/** Implementations of the services of one version: local name of the service to a Connect-ES `ServiceImpl`. */
export type ServicesImplementation<S> = {
  readonly [K in keyof S]: S[K] extends DescService ? ServiceImpl<S[K]> : never;
};

/** Implementations by version number. A plugin may leave versions out; it then does not offer them. */
export type VersionsImplementation<V extends ContractVersions> = {
  readonly [N in keyof V]?: ServicesImplementation<V[N]>;
};

/** The services that Tenon itself serves beside a plugin's own, or will. */
const ownServices: ReadonlySet<string> = new Set([
  "grpc.health.v1.Health",
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
  "plugin.GRPCBroker",
  "plugin.GRPCController",
  "plugin.GRPCStdio",
]);

type IsUnion<T, U = T> = T extends unknown ? ([U] extends [T] ? false : true) : never;

/**
 * What {@link implement} takes: for a contract with one version the services themselves, as in `{ kv: {…} }`; for one
 * with several the services by version, as in `{ 1: { kv: {…} }, 2: { kv: {…} } }`.
 */
export type Implementation<V extends ContractVersions> =
  IsUnion<keyof V> extends true ? VersionsImplementation<V> : ServicesImplementation<V[keyof V]>;

/** One service of a plugin, ready to be added to a server. */
export interface PluginService {
  /** Its local name in the contract. */
  readonly name: string;
  readonly service: DescService;
  readonly implementation: ServiceImpl<DescService>;
}

/** A contract with its implementation. Pure data: making one starts nothing. */
export interface Plugin<V extends ContractVersions = ContractVersions> {
  readonly contract: Contract<V>;
  /** The versions that this plugin serves, each with its services. */
  readonly versions: Readonly<Record<number, readonly PluginService[]>>;
}

/**
 * Joins a contract and its implementation, and checks that they fit: every service and every method of a version must
 * be there, and nothing else; go-plugin's own services are Tenon's to serve. A plain object may hold nothing but methods; an instance of a class may have other members.
 * A method that a plugin cannot offer is written down as one that throws `ConnectError` with `Code.Unimplemented`:
 * so a forgotten or misspelt method is found when the plugin starts, not when a host first calls it.
 *
 * @throws {@link TenonError} `plugin-invalid`, whose message and fact `problems` name every version, service or method
 *   that is missing or unknown
 */
export function implement<V extends ContractVersions>(
  contract: Contract<V>,
  implementation: Implementation<V>,
): Plugin<V> {
  const own = Object.keys(contract.versions).map(Number);
  const single = own.length === 1 ? own[0] : undefined;
  const problems: string[] = [];
  const given = readVersions(implementation, single, problems);

  const versions: Record<number, readonly PluginService[]> = {};
  for (const [key, services] of given) {
    const version = Number(key);
    const described = contract.versions[version];
    if (described === undefined || String(version) !== key) {
      problems.push(`version ${key} is not in the contract, which has ${own.join(", ")}`);
    } else {
      versions[version] = Object.freeze(fitServices(version, described, services, problems));
    }
  }
  if (given.length === 0 && problems.length === 0) problems.push("no version is implemented");
  if (problems.length > 0) throw invalid(contract.name, problems);
  return Object.freeze({ contract, versions: Object.freeze(versions) });
}

function readVersions(
  implementation: unknown,
  single: number | undefined,
  problems: string[],
): readonly (readonly [string, unknown])[] {
  if (!isObject(implementation)) {
    problems.push("the implementation must be an object");
    return [];
  }
  if (single !== undefined) return [[String(single), implementation]];
  return Object.entries(implementation).filter(([, services]) => services !== undefined);
}

function fitServices(
  version: number,
  described: ContractServices,
  given: unknown,
  problems: string[],
): PluginService[] {
  const before = problems.length;
  if (!isObject(given)) {
    problems.push(`version ${version} must be an object of services`);
    return [];
  }
  const services: PluginService[] = [];
  for (const [name, service] of Object.entries(described)) {
    const implementation = Object.hasOwn(given, name) ? given[name] : undefined;
    if (!isObject(implementation)) {
      problems.push(`service "${name}" of version ${version} (${service.typeName}) is missing`);
      continue;
    }
    if (ownServices.has(service.typeName)) {
      problems.push(`service "${name}" of version ${version} is ${service.typeName}, which every plugin has already`);
    }
    fitMethods(`service "${name}" of version ${version}`, service, implementation, problems);
    services.push(Object.freeze({ name, service, implementation: implementation as ServiceImpl<DescService> }));
  }
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(described, name))
      problems.push(`service "${name}" is not in version ${version} of the contract`);
  }
  return problems.length === before ? services : [];
}

function fitMethods(
  where: string,
  service: DescService,
  implementation: Readonly<Record<string, unknown>>,
  problems: string[],
): void {
  for (const { localName } of service.methods) {
    const method = implementation[localName];
    if (method === undefined) problems.push(`method "${localName}" of ${where} is missing`);
    else if (typeof method !== "function") problems.push(`method "${localName}" of ${where} is no function`);
  }
  const prototype: unknown = Object.getPrototypeOf(implementation);
  if (prototype !== Object.prototype && prototype !== null) return;
  for (const name of Object.keys(implementation)) {
    if (!service.methods.some((method) => method.localName === name)) {
      problems.push(`method "${name}" is not in ${where} (${service.typeName})`);
    }
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function invalid(plugin: string, problems: readonly string[]): TenonError {
  return new TenonError("plugin-invalid", `The plugin "${plugin}" does not fit its contract: ${problems.join("; ")}.`, {
    plugin,
    facts: { problems },
  });
}
