import { BytesValueSchema } from "@bufbuild/protobuf/wkt";
import { method } from "./service.js";

/** The method of `tenon.bench.Load` that rivals are measured with, as grpc-js wants it described. */
export const loadService = {
  repeat: { ...method("/tenon.bench.Load/Repeat", BytesValueSchema, BytesValueSchema), responseStream: true },
};
