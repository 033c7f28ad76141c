import { once } from "node:events";
import { type ClientHttp2Session, constants, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http2";
import { frame, readMessages } from "./grpc-frames.js";

/** What came back on one raw call. */
export interface RawAnswer {
  readonly headers: IncomingHttpHeaders;
  readonly messages: readonly Buffer[];
  /** The trailers; the headers themselves where they are the whole response. */
  readonly trailers: IncomingHttpHeaders;
}

/** One gRPC call made with node:http2 alone. Everything is sent before anything is read. */
export async function callWithHttp2(
  session: ClientHttp2Session,
  path: string,
  messages: readonly Uint8Array[],
  headers: OutgoingHttpHeaders = {},
): Promise<RawAnswer> {
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  let trailers: IncomingHttpHeaders | undefined;
  stream.on("trailers", (received) => {
    trailers = received;
  });
  const response = once(stream, "response") as Promise<[IncomingHttpHeaders]>;
  for (const message of messages) stream.write(frame(message));
  stream.end();
  const [header] = await response;
  const received: Buffer[] = [];
  for await (const message of readMessages(stream)) received.push(message);
  return { headers: header, messages: received, trailers: trailers ?? header };
}

/** Starts a bidi call, waits for the answer to its first message, and resets the stream with CANCEL. */
export async function cancelWithHttp2(session: ClientHttp2Session, path: string, message: Uint8Array): Promise<void> {
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
  });
  stream.write(frame(message));
  await once(stream, "data");
  stream.close(constants.NGHTTP2_CANCEL);
  await once(stream, "close");
}
