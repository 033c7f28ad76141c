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
  {
    id: "WIRE-30",
    side: "wire",
    source: "gRPC connectivity semantics",
    sentence:
      "A dialed channel connects when a call needs it, moves only between states as its table allows, and leaves nothing behind.",
  },
  {
    id: "WIRE-31",
    side: "wire",
    source: "gRPC wait for ready",
    sentence:
      "While no connection can be made a call fails with UNAVAILABLE and the last reason, or waits when asked to, within its deadline, its signal and the bound of the queue.",
  },
  {
    id: "WIRE-32",
    side: "wire",
    source: "gRPC connectivity semantics",
    sentence: "A dialed connection without calls is closed after the idle timeout, and the next call makes another.",
  },
  {
    id: "WIRE-33",
    side: "wire",
    source: "gRPC transparent retries, RFC 9113 section 6.8",
    sentence:
      "A server that goes away properly loses no call: what it never looked at is sent again on the next connection, what it accepted ends on the old one.",
  },
  {
    id: "WIRE-34",
    side: "wire",
    source: "gRPC transparent retries",
    sentence:
      "A call that was sent on a connection that is lost fails with UNAVAILABLE, once, and is never sent again.",
  },
  {
    id: "WIRE-35",
    side: "wire",
    source: "gRPC connection back-off, gRPC transparent retries",
    sentence:
      "Attempts to connect follow a jittered exponential back-off; a refused call is sent again so often and no more.",
  },
  {
    id: "WIRE-36",
    side: "wire",
    source: "gRPC keepalive",
    sentence:
      "Keepalive finds a half-open link from either side within its time and its timeout, and sends nothing without calls unless asked to.",
  },
  {
    id: "WIRE-37",
    side: "wire",
    source: "gRPC keepalive, server enforcement",
    sentence:
      "A server that is sent too many PINGs says ENHANCE_YOUR_CALM and too_many_pings; a client that is told so sends half as many.",
  },
  {
    id: "WIRE-38",
    side: "wire",
    source: "docs/protocol/wire.md, observing",
    sentence: "Calls, connections, resets and stalls are published to those who listen, and counted for all.",
  },
  {
    id: "WIRE-39",
    side: "wire",
    source: "docs/guides/replace-connect-node.md",
    sentence: "The engine serves and calls @connectrpc/connect-node on TCP and TLS, and itself on unix sockets too.",
  },
  {
    id: "WIRE-22",
    side: "wire",
    source: "grpc.reflection.v1 and v1alpha",
    sentence:
      "The reflection services list a server's services and send the descriptors of all that they use; what is unknown is answered with NOT_FOUND.",
  },
  {
    id: "WIRE-23",
    side: "wire",
    source: "grpc.health.v1",
    sentence:
      "The health service answers Check, List and Watch from states that can be set, Watch with every change; unknown names are NOT_FOUND and SERVICE_UNKNOWN.",
  },
  {
    id: "WIRE-40",
    side: "wire",
    source: "gRPC over HTTP2, Message-Encoding; gRPC compression.md",
    sentence:
      "Messages are compressed with gzip where options, call and peer allow it, each for itself; an unknown encoding is UNIMPLEMENTED and names those that are known.",
  },
  {
    id: "WIRE-41",
    side: "wire",
    source: "docs/protocol/wire.md, compression",
    sentence: "A compressed message is inflated up to the receive limit and no further.",
  },
  {
    id: "WIRE-42",
    side: "wire",
    source: "docs/protocol/wire.md, peers that are slow or hostile",
    sentence: "A client that stops half-way through a message, frame or header block is not waited for without end.",
  },
  {
    id: "WIRE-43",
    side: "wire",
    source: "RFC 9113 §10.5",
    sentence: "A peer that only makes work, by frames that move no call on or by resets, is sent away.",
  },
  {
    id: "WIRE-44",
    side: "wire",
    source: "RFC 9113 §10.5",
    sentence: "Memory follows the bytes that a peer has sent, whatever it announces and however small the pieces are.",
  },
  {
    id: "WIRE-45",
    side: "wire",
    source: "RFC 9113 §5.1.1",
    sentence:
      "A connection without further stream identifiers ends gently: the last call is answered, new ones are refused.",
  },
  {
    id: "WIRE-46",
    side: "wire",
    source: "docs/limits.md",
    sentence:
      "An option out of range is refused when something is made with it, with its name, its value and what it may be.",
  },
  {
    id: "WIRE-47",
    side: "wire",
    source: "docs/protocol/wire.md, byte streams",
    sentence:
      "gRPC works alike on unix sockets, TCP, TLS, named pipes, standard streams, memory, yamux, a gRPC call, and streams cut anywhere, and leaves nothing behind.",
  },
  {
    id: "WIRE-48",
    side: "wire",
    source: "docs/protocol/wire.md, byte streams",
    sentence:
      "Two one-way streams joined into one keep half-close, back-pressure, gathered writes and the errors of both.",
  },
  {
    id: "WIRE-49",
    side: "wire",
    source: "docs/protocol/wire.md, byte streams",
    sentence:
      "A byte stream made of a call's messages keeps order, half-close, back-pressure, cancellation and errors, both ways.",
  },
  {
    id: "WIRE-50",
    side: "wire",
    source: "RFC 9113 section 5.2",
    sentence:
      "The window of a stream grows where it, and not its reader, is what a sender waits for; all of them within one bound.",
  },
  {
    id: "WIRE-51",
    side: "wire",
    source: "RFC 9113 section 6.8",
    sentence:
      "A server that drains refuses no call that was on its way, and is closed when its clients' byte streams are.",
  },
  {
    id: "WIRE-52",
    side: "wire",
    source: "RFC 9113 section 5.1.1",
    sentence:
      "A channel that can make another connection does so when stream identifiers are used up, and no call fails.",
  },
  {
    id: "WIRE-53",
    side: "wire",
    source: "docs/protocol/wire.md, flow control",
    sentence:
      "On one machine the window of a stream yields while other calls are made on its connection, and comes back afterwards.",
  },
];
