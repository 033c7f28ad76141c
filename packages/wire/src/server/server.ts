import type { Duplex } from "node:stream";
import type { DescService } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { type ConnectionLimits, defaultLimits } from "../http2/limits.js";
import { preface } from "../http2/constants.js";
import { type ServedMethod, servedMethods } from "./methods.js";
import { readPreface } from "./preface.js";
import { ServerConnection, type ServerHome } from "./server-connection.js";

/** Options of a server. Each has a default. */
export interface ServerOptions {
  /** Largest message that is accepted, in bytes; a larger one fails its call with RESOURCE_EXHAUSTED. Default 2^31-1; go-plugin's stock server has 4 MiB. */
  readonly maxReceiveMessageBytes?: number;
  /** Largest message that is sent, in bytes; a larger one fails its call with RESOURCE_EXHAUSTED. Default 2^31-1. */
  readonly maxSendMessageBytes?: number;
  /** Calls that one connection may have open at once; more are refused with REFUSED_STREAM. Default 10000. */
  readonly maxConcurrentStreams?: number;
  /** Flow-control window of each stream in bytes, from 65535. Default 1 MiB. */
  readonly streamWindowBytes?: number;
  /** Flow-control window of each connection in bytes, from 65535. Default 16 MiB. */
  readonly connectionWindowBytes?: number;
  /** Largest header list of a request in bytes. Default 64 KiB. */
  readonly maxHeaderListBytes?: number;
  /** How long a new connection may take for its preface, in milliseconds. Default 10000. */
  readonly prefaceTimeoutMs?: number;
}

/** The server end of gRPC channels: any number of connected byte streams, one set of services. */
export interface Server extends AsyncDisposable {
  /** Serves a Connect-ES implementation. Methods that are not there answer UNIMPLEMENTED. Throws when the service is served already. */
  add<S extends DescService>(service: S, implementation: Partial<ServiceImpl<S>>): Server;
  /** Speaks gRPC on a byte stream, which the server owns and ends from now on. */
  accept(stream: Duplex): void;
  readonly connectionCount: number;
  /** Calls that were not answered yet. */
  readonly inFlight: number;
  /** GOAWAY to every connection; resolves when the calls in flight are answered, or after `graceMs` (default 5000) when they are reset. */
  close(options?: { graceMs?: number }): Promise<void>;
  /** Ends every connection now; handlers in flight are aborted. */
  destroy(): void;
}

/** Makes a server without any service. It listens to nothing: hand it byte streams with `accept`. */
export function createServer(options: ServerOptions = {}): Server {
  return new GrpcServer(options);
}

class GrpcServer implements Server, ServerHome {
  readonly methods = new Map<string, ServedMethod>();
  readonly services = new Set<string>();
  readonly limits: ConnectionLimits;
  readonly maxReceiveBytes: number;
  readonly maxSendBytes: number;
  readonly #prefaceTimeoutMs: number;
  readonly #connections = new Set<ServerConnection>();
  /** Streams whose preface has not come. */
  readonly #greeting = new Set<Duplex>();
  #closing = false;
  #emptied: (() => void)[] = [];

  constructor(options: ServerOptions) {
    this.maxReceiveBytes = options.maxReceiveMessageBytes ?? 0x7fffffff;
    this.maxSendBytes = options.maxSendMessageBytes ?? 0x7fffffff;
    this.#prefaceTimeoutMs = options.prefaceTimeoutMs ?? 10_000;
    this.limits = {
      ...defaultLimits,
      streamWindowBytes: options.streamWindowBytes ?? defaultLimits.streamWindowBytes,
      connectionWindowBytes: options.connectionWindowBytes ?? defaultLimits.connectionWindowBytes,
      maxHeaderListBytes: options.maxHeaderListBytes ?? defaultLimits.maxHeaderListBytes,
      maxConcurrentStreams: options.maxConcurrentStreams ?? defaultLimits.maxConcurrentStreams,
    };
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  get inFlight(): number {
    let count = 0;
    for (const connection of this.#connections) count += connection.inFlight;
    return count;
  }

  add<S extends DescService>(service: S, implementation: Partial<ServiceImpl<S>>): Server {
    if (this.services.has(service.typeName)) throw new Error(`${service.typeName} is served already`);
    this.services.add(service.typeName);
    for (const [path, method] of servedMethods(service, implementation)) this.methods.set(path, method);
    return this;
  }

  accept(stream: Duplex): void {
    if (this.#closing) {
      stream.destroy();
      return;
    }
    this.#greeting.add(stream);
    readPreface(stream, preface, this.#prefaceTimeoutMs, (rest) => {
      this.#greeting.delete(stream);
      if (rest === undefined) {
        stream.destroy();
        return;
      }
      const served = new ServerConnection(this, stream);
      this.#connections.add(served);
      if (this.#closing) served.connection.drain();
      if (rest.length > 0) served.connection.receive(rest);
    });
  }

  async close(options: { graceMs?: number } = {}): Promise<void> {
    this.#closing = true;
    for (const stream of this.#greeting) stream.destroy();
    for (const { connection } of this.#connections) connection.drain();
    if (this.#connections.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      new Promise<void>((resolve) => this.#emptied.push(resolve)),
      new Promise<void>((resolve) => (timer = setTimeout(resolve, options.graceMs ?? 5000))),
    ]);
    clearTimeout(timer);
    this.destroy();
  }

  destroy(): void {
    this.#closing = true;
    for (const stream of this.#greeting) stream.destroy();
    for (const { connection } of this.#connections) {
      connection.destroy({ kind: "closed", message: "the server was closed" });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  closed(connection: ServerConnection): void {
    this.#connections.delete(connection);
    if (this.#connections.size > 0) return;
    for (const resolve of this.#emptied) resolve();
    this.#emptied = [];
  }
}
