import type { Hello } from "@tenon/core/bind";
import type { BindRefusal } from "./facts.js";

/** The version of the bind protocol that this host speaks. */
export const bindProtocol = 1;

/** Lists in Hello that are longer than this are nobody's. */
const maxServices = 1024;
const name = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** A Hello that was refused, and for which of its fields. */
export interface HelloRefusal extends BindRefusal {
  readonly field?: string;
}

/** Why nobody is taken in any more. */
export const hostClosing: HelloRefusal = { code: "host-closing", reason: "the host is about to end; come again" };

/** Finds what is wrong with a Hello by itself: what each field may hold. */
export function findHelloProblem(hello: Hello): HelloRefusal | undefined {
  const { minProtocol, maxProtocol, plugin, version, instance, epoch, contract, versions } = hello;
  if (minProtocol > bindProtocol || maxProtocol < bindProtocol) {
    const range = `${minProtocol} to ${maxProtocol}`;
    return {
      code: "protocol-unsupported",
      reason: `the plugin speaks the versions ${range} of the bind protocol, the host ${bindProtocol}`,
      field: minProtocol > bindProtocol ? "min_protocol" : "max_protocol",
    };
  }
  const rule = 'must be letters, digits, ".", "_" or "-", 128 at most';
  if (!name.test(plugin)) return malformed("plugin", rule);
  if (!name.test(instance)) return malformed("instance", rule);
  if (contract !== "" && !name.test(contract)) return malformed("contract", rule);
  if (version.length > 128 || /[^\x20-\x7e]/.test(version)) {
    return malformed("version", "must be printable ASCII, 128 characters at most");
  }
  if (epoch < 1n || epoch > BigInt(Number.MAX_SAFE_INTEGER)) return malformed("epoch", "must be from 1 to 2^53 - 1");
  if (versions.length === 0 || versions.length > maxServices) return malformed("versions", "must have one at least");
  if (new Set(versions.map((each) => each.version)).size < versions.length) {
    return malformed("versions", "must have each version once");
  }
  const services = versions.reduce((count, each) => count + each.services.length, 0);
  if (services > maxServices || hello.hostServices.length > maxServices) {
    return malformed("versions.services", `must be ${maxServices} at most`);
  }
  if (hello.token.length > 4096) return malformed("token", "must be 4096 characters at most");
  const hashes = versions.flatMap((each) => each.services.map(({ descriptorHash }) => descriptorHash.length));
  if (hashes.some((length) => length !== 0 && length !== 32)) {
    return malformed("versions.services.descriptor_hash", "must be 32 bytes, or none");
  }
  return undefined;
}

function malformed(field: string, why: string): HelloRefusal {
  return { code: "hello-malformed", reason: `the field ${field} of Hello ${why}`, field };
}

/** Whether a Hello names a plugin and an instance as they have to be. */
export function hasNames({ plugin, instance }: Hello): boolean {
  return name.test(plugin) && name.test(instance);
}
