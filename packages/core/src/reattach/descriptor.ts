import { TenonError } from "../errors.js";
import { splitTcpAddress } from "../handshake/address.js";

/**
 * How to reach an instance that already runs, and how to know it again. Plain data: it may be kept in a file while its host
 * restarts. go-plugin: `ReattachConfig`.
 */
export interface ReattachDescriptor {
  /** `netrpc` can be read, so that it can be refused by name; nobody in Tenon speaks it. */
  readonly protocol: "grpc" | "netrpc";
  /** Version of the contract that the instance serves; 0 where whoever wrote this did not say, as go-plugin's hosts. */
  readonly protocolVersion: number;
  readonly address: { readonly network: "unix" | "tcp"; readonly string: string };
  readonly pid: number;
  /**
   * Whether somebody runs the instance by hand, under a debugger for instance: then a host never ends it. go-plugin: `Test`.
   */
  readonly test: boolean;
  /**
   * Tells this process from another one that may get its id later: on Linux the boot's id and the process's start time.
   * Absent where the writer could not know it. go-plugin has no such fact and may kill the wrong process.
   */
  readonly identity?: string;
  /**
   * How the connection is secured: `none`, `configured` (certificates that both sides were given), or `session`
   * (certificates made for one start, AutoMTLS: nobody else can attach). Absent where the writer did not say.
   */
  readonly tls?: "none" | "configured" | "session";
}

/**
 * Checks a descriptor and freezes a copy of it.
 *
 * @throws {@link TenonError} `reattach-malformed`, naming the member
 */
export function checkReattach(value: unknown, where = "the reattach descriptor"): ReattachDescriptor {
  const fail = (why: string): never => {
    throw reattachMalformed(`${where}: ${why}`);
  };
  if (!isObject(value)) return fail("it must be an object");
  const { protocol, protocolVersion, address, pid, test, identity, tls } = value;
  if (protocol !== "grpc" && protocol !== "netrpc") return fail('its protocol must be "grpc" or "netrpc"');
  if (!isWhole(protocolVersion, 0, 2 ** 31 - 1)) return fail("its protocol version must be a whole number from 0");
  if (!isWhole(pid, 1, 2 ** 31 - 1)) return fail("its pid must be a whole number from 1");
  if (typeof test !== "boolean") return fail("its test mark must be true or false");
  if (!isObject(address)) return fail("it must have an address");
  const { network, string } = address;
  if (network !== "unix" && network !== "tcp") return fail('its network must be "unix" or "tcp"');
  if (typeof string !== "string" || string === "" || string.includes("\0")) {
    return fail("its address must be a text that is not empty");
  }
  if (network === "tcp") splitTcpAddress(string);
  if (identity !== undefined && typeof identity !== "string") return fail("its identity must be a text");
  if (tls !== undefined && tls !== "none" && tls !== "configured" && tls !== "session") {
    return fail('its tls must be "none", "configured" or "session"');
  }
  return Object.freeze({
    protocol,
    protocolVersion,
    address: Object.freeze({ network, string }),
    pid,
    test,
    ...(identity !== undefined && { identity }),
    ...(tls !== undefined && { tls }),
  });
}

/** An error of the code `reattach-malformed`. */
export function reattachMalformed(why: string, cause?: unknown): TenonError {
  return new TenonError("reattach-malformed", `This is no reattach descriptor. ${why}.`, { cause });
}

/** Whether a value is an object with members, not an array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;
}
