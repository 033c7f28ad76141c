/**
 * What the encoder does with the fields of a name:
 * - `stable`: few values that come back; indexed at first sight.
 * - `learned`: unknown; indexed when the same value is met again.
 * - `volatile`: another value in each call; literal without indexing, or it would push the stable ones out.
 * - `secret`: literal never indexed, in the table of no hop (RFC 7541 §7.1.3).
 */
export type IndexingPolicy = "stable" | "learned" | "volatile" | "secret";

/** The indexing policy of a header name (lower case). */
export function indexingPolicy(name: string): IndexingPolicy {
  switch (name) {
    case "authorization":
    case "cookie":
    case "proxy-authorization":
    case "set-cookie":
      return "secret";
    case ":authority":
    case ":method":
    case ":path":
    case ":scheme":
    case ":status":
    case "accept":
    case "accept-encoding":
    case "accept-language":
    case "cache-control":
    case "content-encoding":
    case "content-type":
    case "grpc-accept-encoding":
    case "grpc-encoding":
    case "grpc-status":
    case "server":
    case "te":
    case "trailer":
    case "user-agent":
    case "vary":
    case "via":
      return "stable";
    case "age":
    case "baggage":
    case "content-length":
    case "content-range":
    case "date":
    case "etag":
    case "expires":
    case "grpc-message":
    case "grpc-status-details-bin":
    case "grpc-tags-bin":
    case "grpc-timeout":
    case "grpc-trace-bin":
    case "if-match":
    case "if-modified-since":
    case "if-none-match":
    case "last-modified":
    case "traceparent":
    case "tracestate":
    case "x-amzn-trace-id":
    case "x-b3-parentspanid":
    case "x-b3-spanid":
    case "x-b3-traceid":
    case "x-cloud-trace-context":
    case "x-correlation-id":
    case "x-request-id":
      return "volatile";
    default:
      return "learned";
  }
}
