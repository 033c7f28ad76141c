import { Code, ConnectError } from "@connectrpc/connect";
import { statusFromThrown } from "../grpc/thrown.js";
import { type ExactJson, formatExact } from "./json-text.js";

/** Connect's codes by the names that gRPC's have in lower case. */
const codes: ReadonlyMap<string, Code> = new Map(
  Object.entries(Code)
    .filter((entry): entry is [string, Code] => typeof entry[1] === "number")
    .map(([name, code]) => [name.replace(/(?<!^)[A-Z]/g, "_$&").toLowerCase(), code]),
);
const codeNames = new Map([...codes].map(([name, code]) => [code, name]));

const prefix = /^([a-z_]+): ?/;

/** How Go's net/rpc begins what it says itself. */
const goTexts: readonly (readonly [string, Code])[] = [
  ["rpc: can't find service ", Code.Unimplemented],
  ["rpc: can't find method ", Code.Unimplemented],
  ["rpc: service/method request ill-formed: ", Code.InvalidArgument],
  ["jsonrpc: request body missing params", Code.InvalidArgument],
  ["json: cannot unmarshal ", Code.InvalidArgument],
];

/**
 * The text of an error for the wire, which has nothing but a text: `code: text`, and without code where that is UNKNOWN. Details and
 * metadata are lost. Never empty, and never throws.
 */
export function textFromThrown(thrown: unknown): string {
  const { code, rawMessage } = statusFromThrown(thrown).error;
  const isMistakable = rawMessage === "" || errorFromText(rawMessage).code !== Code.Unknown || readsAsCode(rawMessage);
  return code === Code.Unknown && !isMistakable ? rawMessage : `${codeNames.get(code)}: ${rawMessage}`;
}

/** The error that a text of the wire stands for. */
export function errorFromText(text: string): ConnectError {
  const [begin = "", name = ""] = prefix.exec(text) ?? [];
  const code = codes.get(name);
  if (code !== undefined) return new ConnectError(text.slice(begin.length), code);
  const known = goTexts.find(([start]) => text.startsWith(start));
  return new ConnectError(text === "" ? "unspecified error" : text, known?.[1] ?? Code.Unknown);
}

/** The error that whatever stood in `error` stands for. Only texts belong there, but a stranger may have put in anything. */
export function errorFromAnswer(error: ExactJson): ConnectError {
  if (typeof error === "string") return errorFromText(error);
  const message = typeof error === "object" && error !== null && !Array.isArray(error) ? error["message"] : undefined;
  return new ConnectError(typeof message === "string" ? message : formatExact(error), Code.Unknown);
}

function readsAsCode(text: string): boolean {
  return codes.has(prefix.exec(text)?.[1] ?? "");
}
