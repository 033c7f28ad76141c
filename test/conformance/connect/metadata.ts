import { create } from "@bufbuild/protobuf";
import { type Header, HeaderSchema } from "../../gen/connectrpc/conformance/v1/conformance_pb.js";

/** Metadata as the runner takes it. Values of one name are in one text, which the runner takes apart at the commas. */
export function formatMetadata(headers: Headers): Header[] {
  return [...headers].map(([name, value]) => create(HeaderSchema, { name, value: [value] }));
}

/** Adds the runner's metadata to that of a call. */
export function appendMetadata(to: Headers, from: readonly Header[]): void {
  for (const { name, value } of from) for (const each of value) to.append(name, each);
}
