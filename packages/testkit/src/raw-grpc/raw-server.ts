import { createServer, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Duplex } from "node:stream";

/** One call as a raw server sees it. */
export interface RawCall {
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly stream: ServerHttp2Stream;
  /** Sends the response headers now; `send` does it otherwise. */
  open(): void;
  /** Sends one message. */
  send(message: Uint8Array): void;
  /** Ends the call with a status of gRPC; with a message before, where one is given. */
  end(status: number, message?: Uint8Array): void;
  /** Each message of the request as it comes. */
  onMessage(listener: (message: Buffer) => void): void;
}

/** A gRPC server of node:http2 alone. */
export interface RawGrpcServer {
  /** Speaks HTTP/2 on a stream: a socket, a TLS socket, a yamux stream. */
  accept(stream: Duplex): void;
  readonly connectionCount: number;
  /** Ends every connection now. */
  destroy(): void;
}

/**
 * Makes a gRPC server on which each answer is up to `onCall`, byte for byte: for plugins of tests, which break rules on
 * purpose or say what a host did. It knows no protobuf and starts fast. `onPeer` is called for each connection that has
 * begun to speak HTTP/2.
 */
export function createRawGrpcServer(onCall: (call: RawCall) => void, onPeer: () => void = () => {}): RawGrpcServer {
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer({ settings: { maxConcurrentStreams: 2 ** 31 - 1, maxHeaderListSize: 1 << 20 } });
  server.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
    session.on("error", () => {});
    session.once("remoteSettings", onPeer);
  });
  server.on("sessionError", () => {});
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => onCall(createCall(stream, headers)));
  return {
    accept: (stream) => {
      stream.on("error", () => {});
      server.emit("connection", stream);
    },
    get connectionCount() {
      return sessions.size;
    },
    destroy: () => {
      for (const session of sessions) session.destroy();
    },
  };
}

function createCall(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): RawCall {
  let isOpen = false;
  let status = 0;
  stream.on("error", () => {});
  const open = (): void => {
    if (isOpen || stream.destroyed) return;
    isOpen = true;
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": `${status}` }));
  };
  const send = (message: Uint8Array): void => {
    open();
    if (stream.destroyed) return;
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.length, 1);
    stream.write(Buffer.concat([prefix, message]));
  };
  return {
    path: headers[":path"] ?? "",
    headers,
    stream,
    open,
    send,
    end: (code, message) => {
      if (stream.destroyed) return;
      if (!isOpen && message === undefined) {
        stream.respond(
          { ":status": 200, "content-type": "application/grpc", "grpc-status": `${code}` },
          { endStream: true },
        );
        return;
      }
      status = code;
      if (message !== undefined) send(message);
      stream.end();
    },
    onMessage: (listener) => {
      let chunks: Buffer[] = [];
      let size = 0;
      let wanted = 5;
      stream.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        // Joined only when a message is whole: one of megabytes comes in hundreds of pieces.
        while (size >= wanted) {
          const rest = Buffer.concat(chunks);
          const end = 5 + rest.readUInt32BE(1);
          if (size >= end) listener(rest.subarray(5, end));
          const left = size >= end ? rest.subarray(end) : rest;
          wanted = size >= end ? 5 : end;
          chunks = [left];
          size = left.length;
        }
      });
    },
  };
}
