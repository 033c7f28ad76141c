import type { ContextValues, Interceptor } from "@connectrpc/connect";
import type { CloseReason } from "../http2/close-reason.js";
import {
  checkChoice,
  checkFunctions,
  checkIsObject,
  checkNumbers,
  checkTypes,
  maxTimerMs,
  type NumberRange,
} from "../options/check.js";
import type { MessageForm } from "./message-form.js";
import type { JsonRpcNames } from "./names.js";

/** What both ends of a JSON-RPC connection have in common. Each option has a default. */
export interface JsonRpcOptions {
  /** What services and methods are called. Default: `Service.Method`, the service without its package. */
  readonly names?: JsonRpcNames;
  /** How messages are written. Default: as Go reads them. */
  readonly form?: MessageForm;
  /**
   * Longest message in bytes of JSON text, either way. One to be sent fails its call with RESOURCE_EXHAUSTED; one received ends
   * the connection. Default 64 MiB; Go has no limit.
   */
  readonly maxMessageBytes?: number;
  /** Connect-ES interceptors, the first one outermost. Default none. */
  readonly interceptors?: readonly Interceptor[];
}

/** Options of the calling end. */
export interface JsonRpcChannelOptions extends JsonRpcOptions {
  /** Deadline in milliseconds of calls that name none. Default none: then a call that the peer never answers ends with the connection. */
  readonly defaultTimeoutMs?: number;
  /** Calls that may be under way at once; more fail with RESOURCE_EXHAUSTED. Default 100000. */
  readonly maxPendingCalls?: number;
  /** Bytes that may wait for a peer that does not read, before further calls fail with RESOURCE_EXHAUSTED. Default 64 MiB. */
  readonly maxQueuedBytes?: number;
  /** Asked once when the connection is lost; the calls that this fails carry its message and its cause. Default: they say what was seen. */
  readonly explainLoss?: (reason: CloseReason) => Promise<{ message: string; cause?: unknown }>;
}

/** Options of the serving end. */
export interface JsonRpcServerOptions extends JsonRpcOptions {
  /** Calls that may be under way at once; beyond them no more requests are read until one is answered. Default 10000. */
  readonly maxConcurrentCalls?: number;
  /** Puts what belongs to the connection into the context values of each of its calls. */
  readonly contextValues?: (values: ContextValues) => void;
}

/** Of {@link JsonRpcOptions.maxMessageBytes}. */
export const defaultMaxMessageBytes = 64 * 1024 * 1024;

const anyCount: NumberRange = [1, Number.MAX_SAFE_INTEGER];

/** Throws `option-invalid`. */
export function checkJsonRpcOptions(options: JsonRpcChannelOptions & JsonRpcServerOptions): void {
  checkIsObject("options", options);
  checkNumbers(options, {
    maxMessageBytes: [64, 2 ** 29 - 1],
    defaultTimeoutMs: [1, maxTimerMs, "parts"],
    maxPendingCalls: anyCount,
    maxQueuedBytes: anyCount,
    maxConcurrentCalls: anyCount,
  });
  checkTypes(options, "function", ["explainLoss", "contextValues"]);
  checkFunctions(options, "interceptors");
  if (options.form === undefined) return;
  checkIsObject("form", options.form);
  checkChoice(options.form, "fieldNames", ["json", "proto"]);
  checkChoice(options.form, "integers64", ["number", "string"]);
  checkChoice(options.form, "enums", ["number", "name"]);
}
