import { acceptedEncodings } from "../grpc/compression.js";
import { HeaderTemplate } from "../http2/header-template.js";

/** The header blocks that one server connection sends with every call. */
export interface Templates {
  readonly head: HeaderTemplate;
  /** For answers whose messages may be compressed. */
  readonly gzipHead: HeaderTemplate;
  readonly ok: HeaderTemplate;
  readonly empty: HeaderTemplate;
}

export function createTemplates(): Templates {
  return {
    head: new HeaderTemplate([
      [":status", "200"],
      ["content-type", "application/grpc"],
    ]),
    gzipHead: new HeaderTemplate([
      [":status", "200"],
      ["content-type", "application/grpc"],
      ["grpc-encoding", "gzip"],
      ["grpc-accept-encoding", acceptedEncodings],
    ]),
    ok: new HeaderTemplate([["grpc-status", "0"]]),
    empty: new HeaderTemplate([]),
  };
}
