import type { DescService } from "@bufbuild/protobuf";
import { TenonError } from "./errors.js";
import { handshakeVariables } from "./handshake/environment.js";

/** The services of one version: a name of your choice, which never crosses the wire, to a service descriptor. */
export type ContractServices = Readonly<Record<string, DescService>>;

/** Version number to the services of that version. */
export type ContractVersions = Readonly<Record<number, ContractServices>>;

/** The magic cookie: an environment variable by which a plugin knows that its host started it. It protects nothing. */
export interface Cookie {
  /** Name of the variable. */
  readonly key: string;
  readonly value: string;
}

/** The host services of a contract that declares none. */
export type NoServices = Readonly<Record<string, never>>;

/** What host and plugin agree on before either runs. go-plugin: `HandshakeConfig` and `VersionedPlugins`. */
export interface Contract<
  V extends ContractVersions = ContractVersions,
  H extends ContractServices = ContractServices,
> {
  /** Used in messages and logs only. */
  readonly name: string;
  readonly cookie: Cookie;
  readonly versions: V;
  /** The services of the host that the plugin may want to call, whatever the version. Absent where it declares none. */
  readonly hostServices?: H;
}

/** The names of all services of a contract's versions. */
export type ServiceNames<V extends ContractVersions> = { [N in keyof V]: keyof V[N] }[keyof V] & string;

/** The service called `K`; where versions differ, the union of what they call so. */
export type ServiceAt<V extends ContractVersions, K extends string> = {
  [N in keyof V]: K extends keyof V[N] ? V[N][K] : never;
}[keyof V];

const maxVersion = 2 ** 31 - 1;

/**
 * Checks a contract and freezes a copy of it; it does nothing else, so a contract is safe to share and to import.
 *
 * - `name`: letters, digits, `.`, `_`, `-`; starts with a letter or digit.
 * - `cookie`: a key that can name an environment variable and is none of the handshake's own; a value that is not empty
 *   and has neither line breaks nor NUL.
 * - `versions`: at least one, numbered 0 to 2^31 − 1, each with at least one service. Service names are letters, digits,
 *   `_`, `-`, and start with a letter or `_`. All services of a version share one server, so no two of them may be the
 *   same protobuf service.
 * - `hostServices`: what the plugin asks of its host, which decides at each start what of it to grant. The rules for the services of
 *   a version hold, but there may be none.
 *
 * @throws {@link TenonError} `contract-invalid`
 */
export function defineContract<const V extends ContractVersions, const H extends ContractServices = NoServices>(init: {
  readonly name: string;
  readonly cookie: Cookie;
  readonly versions: V;
  readonly hostServices?: H;
}): Contract<V, H> {
  const { name, cookie, versions, hostServices } = init;
  if (typeof name !== "string" || !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
    throw invalid(undefined, `the name ${quote(name)} must be letters, digits, ".", "_" or "-"`);
  }
  checkCookie(name, cookie);
  if (!isRecord(versions) || Object.keys(versions).length === 0) {
    throw invalid(name, "it needs at least one version, as in versions: { 1: { kv: KV } }");
  }
  const frozen = Object.entries(versions).map(([version, services]) => {
    checkVersion(name, version, services);
    return [version, Object.freeze({ ...services })] as const;
  });
  if (hostServices !== undefined) checkHostServices(name, hostServices);
  return Object.freeze({
    name,
    cookie: Object.freeze({ key: cookie.key, value: cookie.value }),
    versions: Object.freeze(Object.fromEntries(frozen)) as unknown as V,
    ...(hostServices !== undefined && { hostServices: Object.freeze({ ...hostServices }) }),
  });
}

function checkCookie(name: string, cookie: Cookie): void {
  if (!isRecord(cookie)) throw invalid(name, "it needs a cookie with a key and a value");
  const { key, value } = cookie;
  if (typeof key !== "string" || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) {
    throw invalid(name, `the cookie key ${quote(key)} cannot name an environment variable`);
  }
  // Windows does not tell names apart by case.
  if (handshakeVariables.some((variable) => variable.name === key.toUpperCase())) {
    throw invalid(name, `the cookie key ${quote(key)} is a variable of the handshake itself`);
  }
  if (typeof value !== "string" || value === "" || /[\0\r\n]/.test(value)) {
    throw invalid(name, "the cookie value must be a text that is not empty and has no line break or NUL");
  }
}

function checkVersion(name: string, version: string, services: ContractServices): void {
  if (!/^(0|[1-9][0-9]*)$/.test(version) || Number(version) > maxVersion) {
    throw invalid(name, `the version ${quote(version)} must be an integer from 0 to ${maxVersion}`);
  }
  if (!isRecord(services) || Object.keys(services).length === 0) {
    throw invalid(name, `version ${version} needs at least one service`);
  }
  checkServices(name, services, `of version ${version}`);
}

function checkHostServices(name: string, services: unknown): void {
  if (!isRecord(services)) throw invalid(name, "hostServices must be services by name, as in { store: Store }");
  checkServices(name, services as ContractServices, "of hostServices");
}

function checkServices(name: string, services: ContractServices, where: string): void {
  const localNames = new Map<string, string>();
  for (const [local, service] of Object.entries(services)) {
    if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(local)) {
      throw invalid(name, `the service name ${quote(local)} ${where} must be letters, digits, "_" or "-"`);
    }
    if (!isRecord(service) || service.kind !== "service" || typeof service.typeName !== "string") {
      throw invalid(name, `service ${quote(local)} ${where} is no protobuf service descriptor`);
    }
    const other = localNames.get(service.typeName);
    if (other !== undefined) {
      throw invalid(
        name,
        `services ${quote(other)} and ${quote(local)} ${where} are both ${service.typeName}; ` +
          "one server cannot tell them apart",
      );
    }
    localNames.set(service.typeName, local);
  }
}

function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function quote(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

function invalid(plugin: string | undefined, why: string): TenonError {
  const subject = plugin === undefined ? "The contract" : `The contract "${plugin}"`;
  return new TenonError("contract-invalid", `${subject} is not valid: ${why}.`, { plugin });
}
