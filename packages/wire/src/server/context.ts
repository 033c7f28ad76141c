import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { Code, ConnectError, type ContextValues, createContextValues, type HandlerContext } from "@connectrpc/connect";
import { headersFromFields } from "../grpc/metadata.js";
import type { HeaderField } from "../hpack/field.js";

/**
 * What a handler learns of its call, as Connect-ES defines it. Signal, headers and values come to life when a handler
 * asks for them: making them for every call would halve the calls per second.
 */
export class CallContext implements HandlerContext {
  readonly method: DescMethod;
  readonly requestMethod = "POST";
  readonly protocolName = "grpc";
  readonly #fields: readonly HeaderField[];
  readonly #deadline: number | undefined;
  #controller: AbortController | undefined;
  #ended = false;
  #error: ConnectError | undefined;
  #requestHeader: Headers | undefined;
  #responseHeader: Headers | undefined;
  #responseTrailer: Headers | undefined;
  #values: ContextValues | undefined;

  /** `deadline` is a time of performance.now(). */
  constructor(method: DescMethod, fields: readonly HeaderField[], deadline: number | undefined) {
    this.method = method;
    this.#fields = fields;
    this.#deadline = deadline;
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
  readonly timeoutMs = (): number | undefined =>
    this.#deadline === undefined ? undefined : Math.max(0, this.#deadline - performance.now());

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
    return (this.#values ??= createContextValues());
  }

  /** What the handler put into the response headers; undefined when it never looked at them. */
  get headerToSend(): Headers | undefined {
    return this.#responseHeader;
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

/** Made only for handlers that watch their signal: an Error with its stack costs as much as the rest of a call. */
function answeredError(): ConnectError {
  return new ConnectError("the call has been answered", Code.Canceled);
}
