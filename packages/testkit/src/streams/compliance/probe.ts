import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import { create } from "@bufbuild/protobuf";
import { PayloadSchema, type Payload, type Probe } from "../../gen/tenon/testkit/v1/probe_pb.js";

/** What the suite wants to know of the serving side. */
export interface ProbeFacts {
  /** Handlers that have begun and not ended. */
  running: number;
  /** Calls whose signal has aborted before their handler had ended. */
  aborted: number;
  /** Answers that a ServerStream was asked for, and messages that a ClientStream has taken. */
  produced: number;
  consumed: number;
  /** Holds ClientStream back from reading, until it resolves. */
  gate: Promise<void>;
}

/** A service that answers as its requests ask, and what it has seen. */
export function createProbe(): { readonly service: ServiceImpl<typeof Probe>; readonly facts: ProbeFacts } {
  const facts: ProbeFacts = { running: 0, aborted: 0, produced: 0, consumed: 0, gate: Promise.resolve() };
  const service: ServiceImpl<typeof Probe> = {
    unary: (request, context) =>
      watched(context, async () => {
        echoMetadata(context);
        if (request.hang) await aborted(context.signal);
        failIfAsked(request);
        return request;
      }),
    async *serverStream(request, context) {
      const end = begin(context);
      try {
        echoMetadata(context);
        for (let i = 0; i < request.count; i++) {
          facts.produced++;
          yield { data: request.data, count: i };
        }
        if (request.hang) await aborted(context.signal);
        failIfAsked(request);
      } finally {
        end();
      }
    },
    clientStream: (requests, context) =>
      watched(context, async () => {
        echoMetadata(context);
        await facts.gate;
        let count = 0;
        for await (const { data } of requests) {
          facts.consumed += data.length;
          count++;
        }
        return { count };
      }),
    async *bidi(requests, context) {
      const end = begin(context);
      try {
        echoMetadata(context);
        for await (const request of requests) {
          if (request.hang) await aborted(context.signal);
          failIfAsked(request);
          yield request;
        }
      } finally {
        end();
      }
    },
  };
  return { service, facts };

  function begin({ signal }: HandlerContext): () => void {
    facts.running++;
    const onAbort = () => facts.aborted++;
    signal.addEventListener("abort", onAbort, { once: true });
    return () => {
      facts.running--;
      signal.removeEventListener("abort", onAbort);
    };
  }

  async function watched<T>(context: HandlerContext, run: () => Promise<T>): Promise<T> {
    const end = begin(context);
    try {
      return await run();
    } finally {
      end();
    }
  }
}

function echoMetadata({ requestHeader, responseHeader, responseTrailer }: HandlerContext): void {
  const value = requestHeader.get("x-probe");
  if (value === null) return;
  responseHeader.set("x-probe", value);
  responseTrailer.set("x-probe-trailer", value);
}

function failIfAsked({ status, data }: Payload): void {
  if (status === 0) return;
  const code = Code[Code[status] as keyof typeof Code];
  throw new ConnectError("asked to fail: ☺ %", code, { "x-failed": "yes" }, [
    { desc: PayloadSchema, value: create(PayloadSchema, { data }) },
  ]);
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  throw new ConnectError("the call was cancelled", Code.Canceled);
}
