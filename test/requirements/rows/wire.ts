import type { Requirement } from "../requirement.js";

export const wireRows: readonly Requirement[] = [
  {
    id: "WIRE-01",
    side: "wire",
    source: "gRPC over HTTP/2, requests and responses",
    sentence: "Unary calls and the three kinds of streaming work as client and as server.",
  },
  {
    id: "WIRE-02",
    side: "wire",
    source: "gRPC over HTTP/2, custom metadata",
    sentence: "Metadata travels both ways, and -bin values are read with and without padding.",
  },
  {
    id: "WIRE-03",
    side: "wire",
    source: "gRPC over HTTP/2, timeout",
    sentence:
      "A deadline travels as grpc-timeout, ends the call with DEADLINE_EXCEEDED on both sides and aborts the handler's signal.",
  },
  {
    id: "WIRE-04",
    side: "wire",
    source: "RFC 9113 section 5.4.2",
    sentence: "Cancelling a call resets its stream and aborts the handler's signal.",
  },
  {
    id: "WIRE-05",
    side: "wire",
    source: "gRPC over HTTP/2, responses",
    sentence:
      "Status, percent-encoded message and details arrive unchanged, also where trailers are the whole response.",
  },
  {
    id: "WIRE-06",
    side: "wire",
    source: "RFC 9113 section 5.2",
    sentence:
      "Flow control holds on stream and connection in both directions: a slow reader stops its writer and nobody else.",
  },
  {
    id: "WIRE-07",
    side: "wire",
    source: "RFC 9113 section 6.5",
    sentence: "SETTINGS are acknowledged, and a changed initial window or frame size applies at once.",
  },
  {
    id: "WIRE-08",
    side: "wire",
    source: "RFC 9113 sections 6.7 and 6.8",
    sentence: "PING is answered; after GOAWAY calls in flight end normally and no new ones start.",
  },
  {
    id: "WIRE-09",
    side: "wire",
    source: "RFC 7541",
    sentence:
      "Header blocks with dynamic tables, size updates and Huffman coding are read and written as the RFC's examples show.",
  },
  {
    id: "WIRE-10",
    side: "wire",
    source: "gRPC over HTTP/2, messages",
    sentence:
      "Messages may be split and joined over frames anywhere; one over the limit ends its call with RESOURCE_EXHAUSTED.",
  },
  {
    id: "WIRE-11",
    side: "wire",
    source: "gRPC over HTTP/2, requests",
    sentence: "A server accepts any :authority, and a client sends te: trailers and content-type: application/grpc.",
  },
  {
    id: "WIRE-12",
    side: "wire",
    source: "gRPC status codes",
    sentence: "A lost connection ends every call in flight with UNAVAILABLE, exactly once.",
  },
  {
    id: "WIRE-13",
    side: "wire",
    source: "gRPC status codes",
    sentence: "A call of an unknown service or method ends with UNIMPLEMENTED.",
  },
  {
    id: "WIRE-14",
    side: "wire",
    source: "RFC 9113 section 5.4.1",
    sentence:
      "A malformed frame ends the connection with GOAWAY and the right error code, and never throws out of the engine; unknown frame types are ignored.",
  },
];
