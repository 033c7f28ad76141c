import type { DescMethod } from "@bufbuild/protobuf";
import type { ConnectError, MethodImplSpec } from "@connectrpc/connect";
import { type CallRecord, recordCall } from "../diagnostics/call-record.js";
import { fieldsFromHeaders } from "../grpc/metadata.js";
import type { HeaderField } from "../hpack/field.js";
import { CallContext } from "../server/context.js";
import type { DirectMethod } from "./direct-methods.js";
import type { CallTools, ListedCall, ServiceCalls } from "./service-calls.js";
import { toldError } from "./told-error.js";
import { CallWatch } from "./watch-call.js";

export const noFields: readonly HeaderField[] = [];

/** What is asked of a call beside its message. */
export interface CallTerms {
  readonly target: DirectMethod;
  readonly fields: readonly HeaderField[];
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number | undefined;
}

/** What a call of any kind has from its beginning to its end: context, deadline, hold on the caller's signal, place in the channel. */
export class CallLife {
  readonly tools: CallTools;
  /** As the caller describes it, and as the handler does. */
  readonly asked: DescMethod;
  readonly served: DescMethod;
  readonly spec: MethodImplSpec;
  readonly context: CallContext;
  /** The outcome is known. */
  isOver = false;
  readonly #call: ListedCall;
  readonly #calls: ServiceCalls;
  readonly #watch: CallWatch | undefined;
  /** Only while somebody listens. */
  readonly #client: CallRecord | undefined;
  readonly #server: CallRecord | undefined;
  #header: readonly HeaderField[] | undefined;

  constructor(call: ListedCall, method: DescMethod, { target, fields, signal, timeoutMs }: CallTerms) {
    const { served, spec, calls } = target;
    const deadline = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
    this.tools = calls.tools;
    this.asked = method;
    this.served = served;
    this.spec = spec;
    this.#call = call;
    this.#calls = calls;
    this.context = new CallContext(served, fields, deadline, calls.tools.contextValues);
    this.#client = recordCall("client", method);
    this.#server = recordCall("server", served);
    this.#watch =
      signal === undefined && timeoutMs === undefined ? undefined : new CallWatch(call, signal, timeoutMs, deadline);
    calls.began(call);
  }

  /** The head of the answer, as it was when it was first asked for. */
  get header(): readonly HeaderField[] {
    return (this.#header ??= fieldsOf(this.context.headerToSend));
  }

  get trailer(): readonly HeaderField[] {
    return fieldsOf(this.context.trailerToSend);
  }

  /** What the caller gets when the handler has thrown, or when its answer is no message. */
  errorOf(cause: unknown): ConnectError {
    return this.lateError ?? toldError(cause, this.header, this.trailer, !this.tools.copies);
  }

  /** What the call must fail with although its handler has ended, if anything. */
  get lateError(): ConnectError | undefined {
    return this.#watch?.lateError;
  }

  /** The outcome is known. `forHandler` is what its signal aborts with. False when it was known before. */
  end(error?: ConnectError, forHandler = error): boolean {
    if (this.isOver) return false;
    this.isOver = true;
    this.#watch?.release();
    this.#server?.end(error);
    this.#client?.end(error);
    this.#calls.ended(this.#call);
    this.context.end(forHandler);
    return true;
  }
}

function fieldsOf(headers: Headers | undefined): readonly HeaderField[] {
  return headers === undefined ? noFields : fieldsFromHeaders(headers);
}
