import type { DescMethod } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { callEnd, callStart } from "./channels.js";

/** One call, as listeners of `tenon:wire:call:start` and `tenon:wire:call:end` get it: the same object both times. */
export interface CallEvent {
  readonly role: "client" | "server";
  /** `/package.Service/Method` */
  readonly method: string;
  readonly kind: DescMethod["methodKind"];
  /** gRPC status: 0 for OK, else Connect-ES's `Code`. Undefined until the end. */
  readonly code: number | undefined;
  /** Milliseconds from start to end. A client's call that waits for a connection has started. Undefined until the end. */
  readonly durationMs: number | undefined;
  /** Bytes of messages, without prefixes and frames. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** The event of a call that is under way, for the call to fill in. */
export class CallRecord implements CallEvent {
  readonly role: "client" | "server";
  readonly method: string;
  readonly kind: DescMethod["methodKind"];
  code: number | undefined;
  durationMs: number | undefined;
  bytesIn = 0;
  bytesOut = 0;
  readonly #startedAt = performance.now();

  constructor(role: "client" | "server", method: DescMethod) {
    this.role = role;
    this.method = `/${method.parent.typeName}/${method.name}`;
    this.kind = method.methodKind;
    callStart.publish(this);
  }

  /** The call is over. To be called once. */
  end(error: unknown): void {
    this.code = error === undefined ? 0 : ConnectError.from(error).code;
    this.durationMs = performance.now() - this.#startedAt;
    callEnd.publish(this);
  }
}

/** The record of a new call while somebody listens, else nothing: a call that nobody watches costs this one look. */
export function recordCall(role: "client" | "server", method: DescMethod): CallRecord | undefined {
  return callStart.hasSubscribers || callEnd.hasSubscribers ? new CallRecord(role, method) : undefined;
}
