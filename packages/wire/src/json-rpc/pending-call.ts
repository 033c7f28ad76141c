import { setMaxListeners } from "node:events";
import type { DescMessage, DescMethodUnary, MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type UnaryResponse } from "@connectrpc/connect";
import { abortError, deadlineError } from "../client/pending-call.js";
import { UnaryAnswer } from "../client/unary-call.js";
import { type CallRecord, recordCall } from "../diagnostics/call-record.js";
import type { JsonRpcAnswer } from "./envelope.js";
import { errorFromAnswer } from "./error-text.js";
import type { MessageReader } from "./message-reader.js";

/** A call that is under way. Settles once. */
export interface PendingJsonCall {
  answer(answer: JsonRpcAnswer): void;
  fail(error: ConnectError): void;
}

/** How a call ends. */
export interface Settlers<I extends DescMessage, O extends DescMessage> {
  readonly resolve: (response: UnaryResponse<I, O>) => void;
  readonly reject: (error: unknown) => void;
}

/** One unary call from its request to its answer, deadline or abort. */
export class JsonRpcCall<I extends DescMessage, O extends DescMessage> implements PendingJsonCall {
  readonly #method: DescMethodUnary<I, O>;
  readonly #settlers: Settlers<I, O>;
  readonly #reader: MessageReader;
  /** Only while somebody listens. */
  readonly #record: CallRecord | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopWatching: (() => void) | undefined;
  #isOver = false;

  constructor(method: DescMethodUnary<I, O>, reader: MessageReader, settlers: Settlers<I, O>) {
    this.#method = method;
    this.#reader = reader;
    this.#settlers = settlers;
    this.#record = recordCall("client", method);
  }

  /** From now on the call fails at its deadline and when the signal aborts; `forget` is called then. */
  watch(timeoutMs: number | undefined, signal: AbortSignal | undefined, forget: () => void): void {
    const giveUp = (error: ConnectError) => {
      forget();
      this.fail(error);
    };
    if (timeoutMs !== undefined) {
      const expire = () => giveUp(deadlineError(timeoutMs));
      this.#timer = setTimeout(expire, Math.min(Math.ceil(timeoutMs), 0x7fffffff));
    }
    if (signal === undefined) return;
    const abort = () => giveUp(abortError(signal));
    setMaxListeners(0, signal); // One signal for many calls is no leak, and Node would warn of one at the eleventh.
    signal.addEventListener("abort", abort, { once: true });
    this.#stopWatching = () => signal.removeEventListener("abort", abort);
  }

  answer({ result, error }: JsonRpcAnswer): void {
    if (error !== null) return this.fail(errorFromAnswer(error));
    let message: MessageShape<O>;
    try {
      message = this.#reader.read(this.#method.output, result);
    } catch (cause) {
      const text = `the answer is no ${this.#method.output.typeName}: ${String(cause)}`;
      return this.fail(new ConnectError(text, Code.Internal, undefined, undefined, cause));
    }
    if (!this.#end(undefined)) return;
    this.#settlers.resolve(new UnaryAnswer(this.#method, message, [], []));
  }

  fail(error: ConnectError): void {
    if (this.#end(error)) this.#settlers.reject(error);
  }

  #end(error: ConnectError | undefined): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#stopWatching?.();
    this.#record?.end(error);
    return true;
  }
}
