import { type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import type { MethodDefinition } from "@grpc/grpc-js";
import { EmptySchema, GetRequestSchema, GetResponseSchema, PutRequestSchema } from "@tenon/example-kv/proto";

/** A unary method for grpc-js whose messages are written and read by protobuf-es, as in every other pair. */
export function method<I extends DescMessage, O extends DescMessage>(
  path: string,
  input: I,
  output: O,
): MethodDefinition<MessageShape<I>, MessageShape<O>> {
  return {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: (message) => Buffer.from(toBinary(input, message)),
    requestDeserialize: (bytes) => fromBinary(input, bytes),
    responseSerialize: (message) => Buffer.from(toBinary(output, message)),
    responseDeserialize: (bytes) => fromBinary(output, bytes),
  };
}

/** The service `proto.KV` as grpc-js wants it described. */
export const kvService = {
  get: method("/proto.KV/Get", GetRequestSchema, GetResponseSchema),
  put: method("/proto.KV/Put", PutRequestSchema, EmptySchema),
};
