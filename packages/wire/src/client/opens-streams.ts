import type { DescMessage, DescMethodStreaming, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { CallOptions, Transport } from "@connectrpc/connect";

/** Marks transports of ours, those of other copies of this package too, so that who makes a client need not load the engine to know one. */
export const opensStreams: unique symbol = Symbol.for("tenon.opens-streams");

/** A transport that gives the answers of a streaming call at once. */
export interface StreamOpener extends Transport {
  readonly [opensStreams]: true;
  /** Starts a streaming call and gives its answers, without a promise of their head. Never throws. */
  readonly open: <I extends DescMessage, O extends DescMessage>(
    method: DescMethodStreaming<I, O>,
    input: AsyncIterable<MessageInitShape<I>>,
    options: CallOptions | undefined,
  ) => AsyncIterable<MessageShape<O>>;
}

/** Whether a transport is one of ours. */
export function isStreamOpener(transport: Transport): transport is StreamOpener {
  return opensStreams in transport;
}
