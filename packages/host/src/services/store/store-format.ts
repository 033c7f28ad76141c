import { createHash } from "node:crypto";
import type { Contents, Entry } from "./entries.js";

const format = "tenon-store";
const formatVersion = 1;

interface Header {
  readonly format: typeof format;
  readonly version: typeof formatVersion;
  readonly plugin: string;
  readonly lastVersion: string;
  readonly keys: number;
  /** Of everything after the header's line, in hexadecimal. */
  readonly sha256: string;
}

/** The bytes of a file, and how many keys it has: a line of JSON about it, then one `["key","version","base64"]` for each entry. */
export function encodeStore(
  plugin: string,
  { entries, lastVersion }: Contents,
): { readonly bytes: Buffer; readonly keys: number } {
  const lines: string[] = [];
  for (const [key, { value, version }] of entries) {
    const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
    lines.push(`[${JSON.stringify(key)},"${version}","${text}"]\n`);
  }
  const body = Buffer.from(lines.join(""));
  const header: Header = {
    format,
    version: formatVersion,
    plugin,
    lastVersion: `${lastVersion}`,
    keys: lines.length,
    sha256: digest(body),
  };
  return { bytes: Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), body]), keys: lines.length };
}

/** Reads what {@link encodeStore} wrote. Throws an Error that says what is wrong with any other bytes. */
export function decodeStore(plugin: string, bytes: Buffer): Contents {
  const end = bytes.indexOf("\n");
  if (end < 0) throw new Error("its first line has no end");
  const header = readHeader(bytes.toString("utf8", 0, end));
  if (header.plugin !== plugin) throw new Error(`it belongs to the plugin ${JSON.stringify(header.plugin)}`);
  const body = bytes.subarray(end + 1);
  if (digest(body) !== header.sha256)
    throw new Error("its content does not have the SHA-256 that its first line gives");
  const entries = new Map<string, Entry>();
  for (const line of body.toString("utf8").split("\n")) {
    if (line === "") continue;
    const [key, version, text] = JSON.parse(line) as [string, string, string];
    entries.set(key, { value: Uint8Array.from(Buffer.from(text, "base64")), version: BigInt(version) });
  }
  if (entries.size !== header.keys)
    throw new Error(`it has ${entries.size} keys where its first line says ${header.keys}`);
  return { entries, lastVersion: BigInt(header.lastVersion) };
}

function readHeader(line: string): Header {
  let header: Partial<Header> | null;
  try {
    header = JSON.parse(line) as Partial<Header> | null;
  } catch {
    throw new Error("its first line is no JSON");
  }
  if (header?.format !== format) throw new Error("its first line is not that of a store");
  if (header.version !== formatVersion)
    throw new Error(`it has the format ${String(header.version)}, and only 1 is known`);
  return header as Header;
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
