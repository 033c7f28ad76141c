import { create } from "@bufbuild/protobuf";
import { type Payload, PayloadSchema } from "../../gen/grpc/testing/interop_pb.js";

/** Zeros, so that a compressed payload is much smaller. */
export function payload(size: number): Payload {
  return create(PayloadSchema, { body: new Uint8Array(size) });
}

/** Metadata that a server is to send back: in front of the answer, and behind it. */
export const echoHeader = "x-grpc-test-echo-initial";
export const echoTrailer = "x-grpc-test-echo-trailing-bin";
