import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { callChain, callDepth, callerKey, tooDeep } from "@tenon/wire/host-services";
import type { PluginIdentity } from "../services/plugin-identity.js";
import { HandledCall } from "./handled-calls.js";

/** Whose calls are guarded, and by whom. */
export interface GuardInit {
  /** Name of the host. */
  readonly host: string;
  readonly plugin: PluginIdentity;
  readonly maxCallDepth: number;
}

type Handler = (input: unknown, context: HandlerContext) => unknown;

/**
 * The same implementation for the calls of one instance: a handler can know who calls, the calls it makes belong to the one it handles, and
 * those beyond the depth are refused.
 */
export function guard(service: DescService, implementation: object, init: GuardInit): ServiceImpl<DescService> {
  const guarded: Record<string, Handler> = {};
  for (const method of service.methods) {
    const handler = (implementation as Record<string, Handler>)[method.localName]!.bind(implementation);
    guarded[method.localName] = guardMethod(method, handler, init);
  }
  return guarded as ServiceImpl<DescService>;
}

function guardMethod({ methodKind }: DescMethod, handler: Handler, { host, plugin, maxCallDepth }: GuardInit): Handler {
  const enter = (context: HandlerContext): HandledCall => {
    const depth = callDepth(context.requestHeader);
    if (depth > maxCallDepth) throw tooDeep(depth, maxCallDepth, callChain(context, host));
    context.values.set(callerKey, plugin);
    return new HandledCall(context, host, maxCallDepth);
  };
  if (methodKind === "unary" || methodKind === "client_streaming") {
    return (input, context) => answerWithin(enter(context), () => handler(input, context));
  }
  return (input, context) => {
    const call = enter(context);
    return new StreamWithin(call, () => handler(input, context) as AsyncIterable<unknown>);
  };
}

function answerWithin(call: HandledCall, run: () => unknown): unknown {
  call.begin();
  let answer: unknown;
  try {
    answer = call.within(run);
  } catch (error) {
    call.end();
    throw error;
  }
  if (answer instanceof Promise) return answer.finally(() => call.end());
  call.end();
  return answer;
}

/** The answers of a streaming handler, every part of which runs within its call. */
class StreamWithin implements AsyncIterableIterator<unknown> {
  readonly #call: HandledCall;
  readonly #answers: AsyncIterator<unknown>;

  constructor(call: HandledCall, run: () => AsyncIterable<unknown>) {
    this.#call = call;
    call.begin();
    try {
      this.#answers = call.within(run)[Symbol.asyncIterator]();
    } catch (error) {
      call.end();
      throw error;
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<unknown>> {
    try {
      const result = await this.#call.within(() => this.#answers.next());
      if (result.done === true) this.#call.end();
      return result;
    } catch (error) {
      this.#call.end();
      throw error;
    }
  }

  async return(): Promise<IteratorResult<unknown>> {
    try {
      await this.#call.within(() => this.#answers.return?.());
    } finally {
      this.#call.end();
    }
    return { done: true, value: undefined };
  }
}
