import type { Duplex } from "node:stream";
import type { DescService } from "@bufbuild/protobuf";
import type { Interceptor, ServiceImpl } from "@connectrpc/connect";
import { Counters, type WireCounters } from "../diagnostics/counters.js";
import type { Compression, SendCompression } from "../grpc/compression.js";
import type { KeepaliveOptions } from "../http2/keepalive.js";
import { type ConnectionLimits, defaultLimits } from "../http2/limits.js";
import { preface } from "../http2/constants.js";
import { type ServedMethod, servedMethods } from "./methods.js";
import { lazily } from "./deferred-call.js";
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
  /**
   * A PING goes to a client from which nothing came for so many milliseconds, to find one that is gone without a sign.
   * Default none; grpc-go's `keepalive.ServerParameters.Time`, 2 hours.
   */
  readonly keepaliveTimeMs?: number;
  /** The connection is lost when nothing comes within so many milliseconds after that PING. Default 20000, as grpc-go. */
  readonly keepaliveTimeoutMs?: number;
  /**
   * A client that sends PINGs more often than every so many milliseconds, more than twice, gets GOAWAY
   * ENHANCE_YOUR_CALM with "too_many_pings". Default 0: any are tolerated; grpc-go's
   * `keepalive.EnforcementPolicy.MinTime`, 5 minutes.
   */
  readonly minKeepaliveTimeMs?: number;
  /**
   * How long a client may pause within a message, within a request that has only one, or within a frame, in
   * milliseconds; 0: for ever. The call ends with DEADLINE_EXCEEDED, within a frame the connection ends; it may take
   * up to twice as long. A stream that rests between two messages is never ended. Default 120000.
   */
  readonly requestIdleTimeoutMs?: number;
  /**
   * Frames that move no call on (PING, SETTINGS, PRIORITY, empty DATA, tiny WINDOW_UPDATE, unknown types) that a client
   * may send in a second, beyond one for each frame of a call; more end its connection with ENHANCE_YOUR_CALM. A SETTINGS
   * frame counts ten times. Default 20000.
   */
  readonly maxControlFramesPerSecond?: number;
  /**
   * Calls that a client may reset, or make the server reset, in a second, beyond one for each call that ended well;
   * more end its connection with ENHANCE_YOUR_CALM. Default 1000.
   */
  readonly maxResetsPerSecond?: number;
  /** How answers are sent to clients that accept it. Default `identity`: a pipe on one machine is faster than gzip. */
  readonly sendCompression?: Compression;
  /** Answers below this size in bytes are sent as they are. Default 1024. */
  readonly minCompressBytes?: number;
  /** Connect-ES interceptors, the first one outermost. Default none; without any, calls take a shorter path. */
  readonly interceptors?: readonly Interceptor[];
}

/** The server end of gRPC channels: any number of connected byte streams, one set of services. */
export interface Server extends AsyncDisposable {
  /** Serves a Connect-ES implementation. Methods that are not there answer UNIMPLEMENTED. Throws when the service is served already. */
  add<S extends DescService>(service: S, implementation: Partial<ServiceImpl<S>>): Server;
  /**
   * Serves services whose code is loaded when one of them is first called: `load` has to add them. When it fails, the
   * calls that wait fail with INTERNAL and the next one tries again. Throws when one of them is there already.
   */
  addLazily(typeNames: readonly string[], load: () => Promise<void>): Server;
  /** The services that were added, in that order. */
  readonly served: readonly DescService[];
  /** Speaks gRPC on a byte stream, which the server owns and ends from now on. */
  accept(stream: Duplex): void;
  readonly connectionCount: number;
  /** Calls that were not answered yet. */
  readonly inFlight: number;
  /** What all connections, also those that have ended, have done so far. */
  stats(): WireCounters;
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
  readonly lazyServices = new Map<string, () => Promise<void>>();
  readonly served: DescService[] = [];
  readonly limits: ConnectionLimits;
  readonly keepalive: KeepaliveOptions | undefined;
  readonly minKeepaliveTimeMs: number;
  readonly maxReceiveBytes: number;
  readonly maxSendBytes: number;
  readonly sendCompression: SendCompression;
  readonly #prefaceTimeoutMs: number;
  readonly #requestIdleTimeoutMs: number;
  readonly #interceptors: Interceptor[];
  #sweeper: NodeJS.Timeout | undefined;
  readonly #connections = new Set<ServerConnection>();
  /** Streams whose preface has not come. */
  readonly #greeting = new Set<Duplex>();
  /** Of the connections that have ended. */
  readonly #counters = new Counters();
  #closing = false;
  #emptied: (() => void)[] = [];

  constructor(options: ServerOptions) {
    this.maxReceiveBytes = options.maxReceiveMessageBytes ?? 0x7fffffff;
    this.maxSendBytes = options.maxSendMessageBytes ?? 0x7fffffff;
    this.#prefaceTimeoutMs = options.prefaceTimeoutMs ?? 10_000;
    this.minKeepaliveTimeMs = options.minKeepaliveTimeMs ?? 0;
    const { keepaliveTimeMs: timeMs, keepaliveTimeoutMs: timeoutMs = 20_000 } = options;
    this.keepalive = timeMs === undefined ? undefined : { timeMs, timeoutMs, withoutCalls: true };
    this.#requestIdleTimeoutMs = options.requestIdleTimeoutMs ?? 120_000;
    this.#interceptors = [...(options.interceptors ?? [])];
    this.sendCompression = {
      compression: options.sendCompression ?? "identity",
      minBytes: options.minCompressBytes ?? 1024,
    };
    this.limits = {
      ...defaultLimits,
      streamWindowBytes: options.streamWindowBytes ?? defaultLimits.streamWindowBytes,
      connectionWindowBytes: options.connectionWindowBytes ?? defaultLimits.connectionWindowBytes,
      maxHeaderListBytes: options.maxHeaderListBytes ?? defaultLimits.maxHeaderListBytes,
      maxConcurrentStreams: options.maxConcurrentStreams ?? defaultLimits.maxConcurrentStreams,
      maxControlFramesPerSecond: options.maxControlFramesPerSecond ?? defaultLimits.maxControlFramesPerSecond,
      maxResetsPerSecond: options.maxResetsPerSecond ?? defaultLimits.maxResetsPerSecond,
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

  stats(): WireCounters {
    const total = new Counters().add(this.#counters);
    for (const { connection } of this.#connections) total.add(connection.counters);
    return total.snapshot();
  }

  add<S extends DescService>(service: S, implementation: Partial<ServiceImpl<S>>): Server {
    if (this.services.has(service.typeName)) throw new Error(`${service.typeName} is served already`);
    this.services.add(service.typeName);
    this.served.push(service);
    for (const [path, method] of servedMethods(service, implementation, this.#interceptors))
      this.methods.set(path, method);
    return this;
  }

  addLazily(typeNames: readonly string[], load: () => Promise<void>): Server {
    const once = lazily(load, () => typeNames.forEach((name) => this.lazyServices.delete(name)));
    for (const name of typeNames) {
      if (this.services.has(name) || this.lazyServices.has(name)) throw new Error(`${name} is served already`);
    }
    for (const name of typeNames) this.lazyServices.set(name, once);
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
      this.#watch();
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
    this.#counters.add(connection.connection.counters);
    this.#connections.delete(connection);
    if (this.#connections.size > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
    for (const resolve of this.#emptied) resolve();
    this.#emptied = [];
  }

  /** One timer for all connections, as long as there are any. */
  #watch(): void {
    const afterMs = this.#requestIdleTimeoutMs;
    if (afterMs === 0 || this.#sweeper !== undefined) return;
    this.#sweeper = setInterval(() => {
      for (const connection of this.#connections) connection.endStalled(afterMs);
    }, afterMs);
    this.#sweeper.unref();
  }
}
