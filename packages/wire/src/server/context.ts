import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { type ConnectError, type ContextValues, createContextValues, type HandlerContext } from "@connectrpc/connect";
import { type CallCompression, callCompression, type Compression } from "../grpc/compression.js";
import { fieldValue, headersFromFields } from "../grpc/metadata.js";
import type { HeaderField } from "../hpack/field.js";

/**
 * What a handler learns of its call, as Connect-ES defines it. Signal, headers and values come to life when a handler
 * asks for them: made for every call they cost six times the CPU time of the call itself.
 */
export class CallContext implements HandlerContext {
  readonly method: DescMethod;
  readonly #fields: readonly HeaderField[];
  readonly #deadline: number | undefined;
  readonly #contextValues: ((values: ContextValues) => void) | undefined;
  #controller: AbortController | undefined;
  #ended = false;
  #error: ConnectError | undefined;
  #requestHeader: Headers | undefined;
  #responseHeader: Headers | undefined;
  #responseTrailer: Headers | undefined;
  #values: ContextValues | undefined;
  #received: Compression = "identity";
  /** Made when a handler asks for the values of its call. */
  compression: CallCompression | undefined;

  /** `deadline` is a time of performance.now(); `contextValues` adds what belongs to the connection. */
  constructor(
    method: DescMethod,
    fields: readonly HeaderField[],
    deadline: number | undefined,
    contextValues?: (values: ContextValues) => void,
  ) {
    this.method = method;
    this.#fields = fields;
    this.#deadline = deadline;
    this.#contextValues = contextValues;
  }

  get requestMethod(): "POST" {
    return "POST";
  }

  get protocolName(): "grpc" {
    return "grpc";
  }

  get service(): DescService {
    return this.method.parent;
  }

  get url(): string {
    return `http://localhost/${this.method.parent.typeName}/${this.method.name}`;
  }

  /** Aborted when the caller cancels, the deadline passes, the connection ends, or the call has been answered otherwise. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#ended) this.#controller.abort(this.#error ?? answeredError());
    }
    return this.#controller.signal;
  }

  /** Milliseconds left until the deadline; undefined without one. */
  get timeoutMs(): () => number | undefined {
    const deadline = this.#deadline;
    return deadline === undefined ? noDeadline : () => Math.max(0, deadline - performance.now());
  }

  get requestHeader(): Headers {
    return (this.#requestHeader ??= headersFromFields(this.#fields));
  }

  get responseHeader(): Headers {
    return (this.#responseHeader ??= new Headers());
  }

  get responseTrailer(): Headers {
    return (this.#responseTrailer ??= new Headers());
  }

  get values(): ContextValues {
    if (this.#values === undefined) {
      this.compression = { send: undefined, received: this.#received };
      this.#values = createContextValues().set(callCompression, this.compression);
      this.#contextValues?.(this.#values);
    }
    return this.#values;
  }

  /** Whether the client reads compressed answers. */
  get acceptsGzip(): boolean {
    const accepted = fieldValue(this.#fields, "grpc-accept-encoding");
    return accepted?.split(",").some((name) => name.trim() === "gzip") ?? false;
  }

  /** The message that the handler takes now had come like this. */
  noteReceived(compression: Compression): void {
    this.#received = compression;
    if (this.compression !== undefined) this.compression.received = compression;
  }

  /** What the handler put into the response headers; undefined when it never looked at them. */
  get headerToSend(): Headers | undefined {
    return this.#responseHeader;
  }

  /** Whether the handler has set any response header. */
  get hasHeader(): boolean {
    return this.#responseHeader !== undefined && !this.#responseHeader.keys().next().done;
  }

  get trailerToSend(): Headers | undefined {
    return this.#responseTrailer;
  }

  /** The call is over: with an error, or answered. */
  end(error: ConnectError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#controller?.abort(error ?? answeredError());
  }
}

/** As `timeoutMs`, of calls that have none. */
function noDeadline(): undefined {}

/**
 * Made only for handlers that watch their signal, and without a stack, which would show nothing but the engine: with it the error costs as
 * much as the rest of a call. A ConnectError has `Headers`, the first of which in a process makes Node load its HTTP client for 20 ms.
 */
function answeredError(): DOMException {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return new DOMException("the call has been answered", "AbortError");
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
