import type { Duplex } from "node:stream";
import { Code, ConnectError, type ContextValues } from "@connectrpc/connect";
import { MessageDecoder } from "../codec/message-decoder.js";
import { MessageEncoder } from "../codec/message-encoder.js";
import type { SendCompression } from "../grpc/compression.js";
import { fieldsFromError } from "../grpc/status.js";
import type { HeaderField } from "../hpack/field.js";
import type { CloseReason } from "../http2/close-reason.js";
import { Connection, type ConnectionOwner } from "../http2/connection.js";
import { Keepalive, type KeepaliveOptions, PingPolicy } from "../http2/keepalive.js";
import type { ConnectionLimits } from "../http2/limits.js";
import { ErrorCode, FrameType, Setting } from "../http2/constants.js";
import { formatSettings } from "../http2/settings.js";
import type { Http2Stream, StreamHandler } from "../http2/stream.js";
import { CallContext } from "./context.js";
import { deferCall } from "./deferred-call.js";
import type { ServedMethod } from "./methods.js";
import { HttpRefusal } from "./http-refusal.js";
import { readRequestHead } from "./request-head.js";
import type { CallHome } from "./call-home.js";
import { Drain } from "./drain.js";
import { ServerCall } from "./server-call.js";
import { createTemplates, type Templates } from "./templates.js";
import { Turns } from "./turns.js";

/** What connections of one server share. */
export interface ServerHome {
  readonly methods: ReadonlyMap<string, ServedMethod>;
  readonly services: ReadonlySet<string>;
  /** Loads services that are not there yet, by name. */
  readonly lazyServices: ReadonlyMap<string, () => Promise<void>>;
  readonly limits: ConnectionLimits;
  readonly keepalive: KeepaliveOptions | undefined;
  /** Milliseconds that must pass between two PINGs of a client; 0 tolerates any. */
  readonly minKeepaliveTimeMs: number;
  readonly maxReceiveBytes: number;
  readonly maxSendBytes: number;
  readonly sendCompression: SendCompression;
  readonly unknownService: ((typeName: string) => ConnectError) | undefined;
  closed(connection: ServerConnection): void;
}

/** The server's end of one connection: turns streams into calls. */
export class ServerConnection implements ConnectionOwner, CallHome {
  readonly templates: Templates = createTemplates();
  readonly encoder = new MessageEncoder();
  readonly decoder = new MessageDecoder();
  readonly turns = new Turns();
  readonly maxReceiveBytes: number;
  readonly maxSendBytes: number;
  readonly sendCompression: SendCompression;
  readonly connection: Connection;
  readonly #home: ServerHome;
  readonly #contextValues: ((values: ContextValues) => void) | undefined;
  readonly #keepalive: Keepalive | undefined;
  readonly #pingPolicy: PingPolicy | undefined;
  #drain: Drain | undefined;
  #inFlight = 0;
  /** Handlers that have not come to their end, also of calls that have. */
  #handlers = 0;

  constructor(home: ServerHome, stream: Duplex, contextValues?: (values: ContextValues) => void) {
    this.#home = home;
    this.#contextValues = contextValues;
    this.maxReceiveBytes = home.maxReceiveBytes;
    this.maxSendBytes = home.maxSendBytes;
    this.sendCompression = home.sendCompression;
    this.connection = new Connection("server", stream, home.limits, this);
    if (home.keepalive !== undefined) this.#keepalive = new Keepalive(this.connection, home.keepalive);
    if (home.minKeepaliveTimeMs > 0) {
      this.#pingPolicy = new PingPolicy(home.minKeepaliveTimeMs, this.connection.counters);
    }
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

  /** Takes no more calls but those that are on their way, and ends when all are answered. */
  drain(): void {
    this.#drain ??= new Drain(this.connection);
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

  onPing(): void {
    this.#pingPolicy?.onPing();
  }

  onClosed(_reason: CloseReason): void {
    this.#keepalive?.stop();
    this.#drain?.stop();
    this.#home.closed(this);
  }

  ended(): void {
    this.#inFlight--;
  }

  handlerBegan(): void {
    this.#handlers++;
  }

  handlerEnded(): void {
    this.#handlers--;
  }

  /** Called now and then: ends what the client has begun to send and has not gone on with since the last time. */
  endStalled(afterMs: number): void {
    for (const { handler } of this.connection.streams.all()) {
      if (handler instanceof ServerCall) handler.endIfStalled(afterMs);
    }
    this.connection.endIfStalled(afterMs);
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
        this.connection.calm.onReset(this.connection.streams.size);
        return ignore;
      case "http":
        stream.announcedBytes = head.contentLength;
        return new HttpRefusal(stream, head.status);
      case "refused":
        return this.#refuse(stream, head.error, head.fields);
      case "grpc":
        break;
    }
    const served = this.#home.methods.get(head.path);
    if (served === undefined) {
      const load = this.#home.lazyServices.get(serviceOf(head.path));
      if (load === undefined) return this.#refuse(stream, this.#unknown(head.path));
      return deferCall(stream, load, (error) =>
        error === undefined ? this.#begin(stream, fields, truncated) : this.#refuse(stream, error),
      );
    }
    // Streams that were reset leave their slot, their handlers may work on: those count too.
    if (this.#handlers >= this.#home.limits.maxConcurrentStreams) {
      stream.reset(ErrorCode.refusedStream);
      return ignore;
    }
    const { timeoutMs } = head;
    stream.announcedBytes = head.contentLength;
    const deadline = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
    const context = new CallContext(served.method, fields, deadline, this.#contextValues);
    this.#inFlight++;
    const call = new ServerCall(this, stream, served, context, timeoutMs, head.gzip);
    stream.handler = call;
    call.begin();
    return call;
  }

  #refuse(stream: Http2Stream, error: ConnectError, fields: readonly HeaderField[] = []): StreamHandler {
    stream.sendHeaders(this.templates.head, [...fieldsFromError(error), ...fields], true);
    return ignore;
  }

  #unknown(path: string): ConnectError {
    const service = serviceOf(path);
    const { unknownService } = this.#home;
    if (unknownService !== undefined && !this.#home.services.has(service)) return unknownService(service);
    const message = this.#home.services.has(service)
      ? `unknown method ${path}`
      : `unknown service ${service}, served are ${[...this.#home.services].sort().join(", ")}`;
    return new ConnectError(message, Code.Unimplemented);
  }
}

function serviceOf(path: string): string {
  return path.slice(1, path.lastIndexOf("/"));
}

const ignore: StreamHandler = {
  onHeaders() {},
  onData() {},
  onReset() {},
  onDrain() {},
};
