import type { Duplex } from "node:stream";
import { Code, ConnectError } from "@connectrpc/connect";
import { MessageEncoder } from "../codec/message-encoder.js";
import { fieldsFromError } from "../grpc/status.js";
import type { HeaderField } from "../hpack/field.js";
import { type CloseReason, Connection, type ConnectionOwner } from "../http2/connection.js";
import type { ConnectionLimits } from "../http2/limits.js";
import { ErrorCode, FrameType, Setting } from "../http2/constants.js";
import { formatSettings } from "../http2/settings.js";
import type { Http2Stream, StreamHandler } from "../http2/stream.js";
import { CallContext } from "./context.js";
import type { ServedMethod } from "./methods.js";
import { HttpRefusal } from "./http-refusal.js";
import { readRequestHead } from "./request-head.js";
import { type CallHome, ServerCall } from "./server-call.js";
import { createTemplates, type Templates } from "./templates.js";

/** What connections of one server share. */
export interface ServerHome {
  readonly methods: ReadonlyMap<string, ServedMethod>;
  readonly services: ReadonlySet<string>;
  readonly limits: ConnectionLimits;
  readonly maxReceiveBytes: number;
  readonly maxSendBytes: number;
  closed(connection: ServerConnection): void;
}

/** The server's end of one connection: turns streams into calls. */
export class ServerConnection implements ConnectionOwner, CallHome {
  readonly templates: Templates = createTemplates();
  readonly encoder = new MessageEncoder();
  readonly maxReceiveBytes: number;
  readonly maxSendBytes: number;
  readonly connection: Connection;
  readonly #home: ServerHome;
  #inFlight = 0;

  constructor(home: ServerHome, stream: Duplex) {
    this.#home = home;
    this.maxReceiveBytes = home.maxReceiveBytes;
    this.maxSendBytes = home.maxSendBytes;
    this.connection = new Connection("server", stream, home.limits, this);
  }

  /** Calls that were not answered yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  open(connection: Connection): void {
    const { limits } = this.#home;
    const settings = formatSettings([
      [Setting.maxConcurrentStreams, limits.maxConcurrentStreams],
      [Setting.initialWindowSize, limits.streamWindowBytes],
      [Setting.maxHeaderListSize, limits.maxHeaderListBytes],
    ]);
    connection.output.frame(FrameType.settings, 0, 0, settings);
  }

  accept(stream: Http2Stream): StreamHandler {
    return {
      onHeaders: (fields, endStream, truncated) => {
        stream.handler = this.#begin(stream, fields, truncated);
        if (endStream) stream.handler.onHeaders([], true, false);
      },
      onData() {},
      onReset() {},
      onDrain() {},
    };
  }

  onRoom(): void {}

  onClosed(_reason: CloseReason): void {
    this.#home.closed(this);
  }

  ended(): void {
    this.#inFlight--;
  }

  #begin(stream: Http2Stream, fields: readonly HeaderField[], truncated: boolean): StreamHandler {
    if (truncated) {
      const limit = this.#home.limits.maxHeaderListBytes;
      return this.#refuse(stream, new ConnectError(`the header list is over ${limit} bytes`, Code.ResourceExhausted));
    }
    const head = readRequestHead(fields);
    switch (head.kind) {
      case "malformed":
        stream.reset(ErrorCode.protocolError);
        return ignore;
      case "http":
        stream.announcedBytes = head.contentLength;
        return new HttpRefusal(stream, head.status);
      case "refused":
        return this.#refuse(stream, head.error);
      case "grpc":
        break;
    }
    const served = this.#home.methods.get(head.path);
    if (served === undefined) return this.#refuse(stream, this.#unknown(head.path));
    const { timeoutMs } = head;
    stream.announcedBytes = head.contentLength;
    const deadline = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
    const context = new CallContext(served.method, fields, deadline);
    this.#inFlight++;
    const call = new ServerCall(this, stream, served, context, timeoutMs);
    stream.handler = call;
    call.begin();
    return call;
  }

  #refuse(stream: Http2Stream, error: ConnectError): StreamHandler {
    stream.sendHeaders(this.templates.head, fieldsFromError(error), true);
    return ignore;
  }

  #unknown(path: string): ConnectError {
    const service = path.slice(1, path.lastIndexOf("/"));
    const message = this.#home.services.has(service)
      ? `unknown method ${path}`
      : `unknown service ${service}, served are ${[...this.#home.services].sort().join(", ")}`;
    return new ConnectError(message, Code.Unimplemented);
  }
}

const ignore: StreamHandler = {
  onHeaders() {},
  onData() {},
  onReset() {},
  onDrain() {},
};
