import type { DescMessage, DescMethodStreaming, MessageShape } from "@bufbuild/protobuf";
import type { StreamResponse } from "@connectrpc/connect";
import { headersFromFields } from "../grpc/metadata.js";
import type { HeaderField } from "../hpack/field.js";

/**
 * The answer of a streaming call. Headers are made when somebody looks at them: few callers do, and they take more memory than the rest
 * of an open call.
 */
export function createStreamResponse<I extends DescMessage, O extends DescMessage>(
  method: DescMethodStreaming<I, O>,
  message: AsyncIterable<MessageShape<O>>,
  fields: readonly HeaderField[],
  trailer: () => Headers,
): StreamResponse<I, O> {
  let header: Headers | undefined;
  return {
    stream: true,
    service: method.parent,
    method,
    get header() {
      return (header ??= headersFromFields(fields));
    },
    message,
    get trailer() {
      return trailer();
    },
  };
}
