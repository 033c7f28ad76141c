import { checkReattach, isObject, reattachMalformed, type ReattachDescriptor } from "./descriptor.js";

/** Descriptors by the name of their plugin, which is the application's: Terraform uses the provider's address. */
export type ReattachMap = Readonly<Record<string, ReattachDescriptor>>;

/**
 * Writes descriptors as one line of JSON, in the form that Terraform reads from `TF_REATTACH_PROVIDERS`. What only Tenon knows
 * stands in a member `Tenon`, which Go programs pass over.
 *
 * @throws {@link TenonError} `reattach-malformed`
 */
export function formatReattach(descriptors: ReattachMap): string {
  const entries = Object.entries(descriptors).map(([name, value]) => {
    const { protocol, protocolVersion, pid, test, address, identity, tls } = checkReattach(value, quote(name));
    const own = { ...(identity !== undefined && { Identity: identity }), ...(tls !== undefined && { Tls: tls }) };
    const written = {
      Protocol: protocol,
      ProtocolVersion: protocolVersion,
      Pid: pid,
      Test: test,
      Addr: { Network: address.network, String: address.string },
      ...(Object.keys(own).length > 0 && { Tenon: own }),
    };
    return [name, written] as const;
  });
  return JSON.stringify(Object.fromEntries(entries));
}

/**
 * Reads descriptors from the JSON of {@link formatReattach} or of a Go program. As in Go, members are found whatever their case,
 * unknown ones are passed over, `ProtocolVersion` and `Test` may be absent (0, false), and an absent `Protocol` means net/rpc.
 *
 * @throws {@link TenonError} `reattach-malformed`, naming plugin and member
 */
export function parseReattach(text: string): ReattachMap {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw reattachMalformed("The text is no JSON", cause);
  }
  if (!isObject(parsed)) throw reattachMalformed("The JSON must be an object of descriptors by name");
  const entries = Object.entries(parsed).map(([name, value]) => [name, readOne(name, value)] as const);
  return Object.freeze(Object.fromEntries(entries));
}

function readOne(name: string, value: unknown): ReattachDescriptor {
  if (!isObject(value)) throw reattachMalformed(`${quote(name)} must be an object`);
  const address = member(value, "Addr");
  const own = member(value, "Tenon");
  return checkReattach(
    {
      protocol: member(value, "Protocol") || "netrpc",
      protocolVersion: member(value, "ProtocolVersion") ?? 0,
      pid: member(value, "Pid"),
      test: member(value, "Test") ?? false,
      address: isObject(address) && { network: member(address, "Network"), string: member(address, "String") },
      identity: isObject(own) ? member(own, "Identity") : undefined,
      tls: isObject(own) ? member(own, "Tls") : undefined,
    },
    quote(name),
  );
}

/** Go's decoder does not tell members apart by case; it takes the exact name first. */
function member(object: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(object, name)) return object[name];
  const found = Object.keys(object).find((key) => key.toLowerCase() === name.toLowerCase());
  return found === undefined ? undefined : object[found];
}

function quote(name: string): string {
  return JSON.stringify(name);
}
