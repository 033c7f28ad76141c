import { type ExactJson, type ExactJsonObject, formatExact, parseExact } from "./json-text.js";
import { malformed } from "./value-reader.js";

/** A request as it came. */
export interface JsonRpcRequest {
  readonly method: string;
  /** Undefined where the member is missing or null. */
  readonly params: ExactJson | undefined;
  /** Whatever was there, to be sent back; null where nothing was. */
  readonly id: ExactJson;
}

/** An answer as it came. A member that is missing counts as null. */
export interface JsonRpcAnswer {
  readonly id: ExactJson;
  readonly result: ExactJson;
  readonly error: ExactJson;
}

/** Reads a request as Go does. @throws {@link TenonError} `json-rpc-malformed` */
export function readRequest(text: string): JsonRpcRequest {
  const { method, params, id } = members(text);
  if (method !== undefined && method !== null && typeof method !== "string") {
    throw malformed(`the method of a request is ${formatExact(method)}, which is no text`);
  }
  return { method: method ?? "", params: params ?? undefined, id: id ?? null };
}

/** Reads an answer. @throws {@link TenonError} `json-rpc-malformed` */
export function readAnswer(text: string): JsonRpcAnswer {
  const { id = null, result = null, error = null } = members(text);
  return { id, result, error };
}

/** The line of a request; `param` is JSON. */
export function formatRequest(id: number, method: string, param: string): string {
  return `{"method":${JSON.stringify(method)},"params":[${param}],"id":${id}}\n`;
}

/** The line of an answer; `result` is JSON and must not be null. */
export function formatResult(id: ExactJson, result: string): string {
  return `{"id":${formatExact(id)},"result":${result},"error":null}\n`;
}

/** The line of an answer that says what went wrong; the text must not be empty. */
export function formatFailure(id: ExactJson, error: string): string {
  return `{"id":${formatExact(id)},"result":null,"error":${JSON.stringify(error)}}\n`;
}

/** The members by lower-case name: their case does not matter, and the last one of a name counts. */
function members(text: string): ExactJsonObject {
  const object = parseExact(text) as ExactJsonObject;
  const folded: ExactJsonObject = Object.create(null) as ExactJsonObject;
  for (const [key, value] of Object.entries(object)) folded[key.toLowerCase()] = value;
  return folded;
}
