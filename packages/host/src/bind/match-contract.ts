import { createHash } from "node:crypto";
import type { DescService } from "@bufbuild/protobuf";
import type { Contract } from "@tenon/core";
import { describeService, type Hello, type ServedService, type ServedVersion } from "@tenon/core/bind";
import { findMismatch } from "./compare-shapes.js";
import type { HelloRefusal } from "./hello.js";

/** The contract that a plugin serves, and the version that is called. */
export interface ContractMatch {
  readonly contract: Contract;
  readonly version: number;
  /** Services whose hash is another than the host's: what differs is to be asked for. */
  readonly doubtful: readonly DescService[];
}

/** Finds which of the host's contracts a Hello offers. */
export type MatchContract = (hello: Hello) => ContractMatch | HelloRefusal;

/** Whether a match is none. */
export function isNoMatch(match: ContractMatch | HelloRefusal): match is HelloRefusal {
  return "code" in match;
}

/** Makes the finder; it keeps the hashes of the host's services. */
export function createContractMatcher(contracts: readonly Contract[], granted: ReadonlySet<string>): MatchContract {
  const hashes = new Map<DescService, Buffer>();
  const hashOf = (service: DescService): Buffer => {
    let hash = hashes.get(service);
    if (hash === undefined) {
      hash = createHash("sha256").update(describeService(service)).digest();
      hashes.set(service, hash);
    }
    return hash;
  };

  return (hello) => {
    const contract = chooseContract(contracts, hello);
    if ("code" in contract) return contract;
    const served = chooseVersion(contract, hello.versions);
    if ("code" in served) return served;
    const needed = findMissingGrant(contract, hello, granted);
    if (needed !== undefined) return needed;
    const doubtful: DescService[] = [];
    // One that names no services cannot tell.
    if (served.services.length > 0) {
      for (const service of Object.values(contract.versions[served.version] ?? {})) {
        const offered = served.services.find(({ typeName }) => typeName === service.typeName);
        const problem = findMissing(service, offered);
        if (problem !== undefined) return mismatch(served, problem);
        const { descriptorHash } = offered!;
        if (descriptorHash.length > 0 && !hashOf(service).equals(descriptorHash)) doubtful.push(service);
      }
    }
    return { contract, version: served.version, doubtful };
  };
}

/** Compares what a plugin answered to a question about its doubtful services. */
export function compareDescriptions(
  { contract, version, doubtful }: ContractMatch,
  texts: readonly string[],
): HelloRefusal | undefined {
  for (const [index, service] of doubtful.entries()) {
    const text = texts[index];
    const problem =
      text === undefined || !text.startsWith(`service ${service.typeName}\n`)
        ? "its description is missing"
        : findMismatch(describeService(service), text);
    if (problem === undefined) continue;
    return {
      code: "shape-mismatch",
      reason:
        `the service ${service.typeName} is not that of version ${version} of the contract "${contract.name}": ${problem}. ` +
        "Build both sides from the same .proto file",
      field: `${service.typeName}: ${problem}`,
    };
  }
  return undefined;
}

function chooseContract(
  contracts: readonly Contract[],
  { contract: wanted, versions }: Hello,
): Contract | HelloRefusal {
  const names = contracts.map(({ name }) => `"${name}"`).join(", ");
  if (wanted !== "") {
    const found = contracts.find(({ name }) => name === wanted);
    if (found !== undefined) return found;
    const reason = `the host wants no contract "${wanted}"; it wants ${names}`;
    return { code: "contract-unknown", reason, field: "contract" };
  }
  const fitting = contracts.filter((contract) => versions.some((offered) => serves(offered, contract)));
  if (fitting.length === 1) return fitting[0]!;
  if (fitting.length === 0) {
    const reason = `the plugin names no contract, and what it serves fits none of ${names}`;
    return { code: "contract-unknown", reason, field: "contract" };
  }
  const several = fitting.map(({ name }) => `"${name}"`).join(", ");
  const reason = `the plugin names no contract, and what it serves fits several: ${several}. Let it name one`;
  return { code: "contract-ambiguous", reason, field: "contract" };
}

function serves(offered: ServedVersion, { versions }: Contract): boolean {
  const services = Object.values(versions[offered.version] ?? {});
  const names = new Set(offered.services.map(({ typeName }) => typeName));
  return services.length > 0 && services.every(({ typeName }) => names.has(typeName));
}

function chooseVersion(contract: Contract, offered: readonly ServedVersion[]): ServedVersion | HelloRefusal {
  const common = offered.filter(({ version }) => Object.hasOwn(contract.versions, version));
  const best = common.reduce<ServedVersion | undefined>(
    (best, each) => (best === undefined || each.version > best.version ? each : best),
    undefined,
  );
  if (best !== undefined) return best;
  const theirs = offered.map(({ version }) => version).join(", ");
  const ours = Object.keys(contract.versions).join(", ");
  return {
    code: "version-mismatch",
    reason: `the plugin serves the versions ${theirs} of the contract "${contract.name}", the host calls ${ours}`,
    field: "versions",
  };
}

function findMissingGrant(contract: Contract, { hostServices, multiplex }: Hello, granted: ReadonlySet<string>) {
  for (const name of hostServices) {
    const isDeclared = Object.hasOwn(contract.hostServices ?? {}, name);
    if (isDeclared && granted.has(name) && multiplex) continue;
    const why = !isDeclared
      ? `the contract "${contract.name}" does not declare it`
      : granted.has(name)
        ? "host services need yamux, so multiplex"
        : "the host does not grant it";
    const reason = `the plugin needs the host service "${name}", and ${why}`;
    return { code: "host-service-missing", reason, field: "host_services" } as const;
  }
  return undefined;
}

function findMissing(service: DescService, offered: ServedService | undefined): string | undefined {
  if (offered === undefined) return `the service ${service.typeName} is missing`;
  if (offered.methods.length === 0) return undefined;
  const missing = service.methods.find(({ name }) => !offered.methods.includes(name));
  return missing && `the method ${service.typeName}/${missing.name} is missing`;
}

function mismatch({ version }: ServedVersion, problem: string): HelloRefusal {
  const reason = `in what the plugin serves as version ${version}, ${problem}. Build both sides from the same .proto file`;
  return { code: "shape-mismatch", reason, field: problem };
}
