import { splitTcpAddress } from "@tenon/core";

/** Where a plugin can be reached. */
export type Target =
  | { readonly network: "unix"; readonly path: string }
  | { readonly network: "tcp"; readonly host: string; readonly port: number };

/** A handshake line as it was found, however it was written. */
export interface FoundLine {
  /** What stood on standard output before it. */
  readonly before: string;
  /** Without the line feed. */
  readonly text: string;
  readonly hasLineFeed: boolean;
  readonly fields: readonly string[];
  readonly target: Target;
}

/**
 * Finds the first line that names an address, in what a plugin has printed so far. It forgives whatever single checks look at
 * (banners, a wrong number or word in a field), so that one broken rule does not hide the others. The last line counts
 * without its line feed only where `isQuiet` says that no more will come.
 */
export function findLine(printed: string, isQuiet: boolean): FoundLine | undefined {
  let start = 0;
  while (start < printed.length) {
    const end = printed.indexOf("\n", start);
    if (end < 0 && !isQuiet) return undefined;
    const text = end < 0 ? printed.slice(start) : printed.slice(start, end);
    const fields = text.trim().split("|");
    const target = fields.length < 4 ? undefined : readTarget(fields[2]!, fields[3]!);
    if (target !== undefined) return { before: printed.slice(0, start), text, hasLineFeed: end >= 0, fields, target };
    if (end < 0) return undefined;
    start = end + 1;
  }
  return undefined;
}

function readTarget(network: string, address: string): Target | undefined {
  const isPath = network === "unix" || (network !== "tcp" && !/:\d+$/.test(address));
  if (isPath) return address === "" ? undefined : { network: "unix", path: address };
  try {
    const { host, port } = splitTcpAddress(address);
    return { network: "tcp", host: host === "" ? "127.0.0.1" : host, port };
  } catch {
    return undefined;
  }
}

/** The sixth field where it is long enough to be a certificate: shorter ones count as none. */
export function certificateField({ fields }: FoundLine): string | undefined {
  const field = fields[5] ?? "";
  return field.length > 50 ? field : undefined;
}
