import type { Duplex } from "node:stream";
import type { DescService } from "@bufbuild/protobuf";
import type { ContextValues, Interceptor, ServiceImpl } from "@connectrpc/connect";
import { Counters, type WireCounters } from "../diagnostics/counters.js";
import type { SendCompression } from "../grpc/compression.js";
import type { KeepaliveOptions } from "../http2/keepalive.js";
import { type ConnectionLimits, defaultLimits } from "../http2/limits.js";
import { preface } from "../http2/constants.js";
import { checkNumbers, maxTimerMs } from "../options/check.js";
import { checkServerOptions } from "../options/ranges.js";
import { lazily } from "./deferred-call.js";
import { drainMs } from "./drain.js";
import { type ServedMethod, servedMethods } from "./methods.js";
import type { ServerOptions } from "./options.js";
import { type Greeting, readPreface, turnAway } from "./preface.js";
import { ServerConnection, type ServerHome } from "./server-connection.js";

/** What is told of one connection when a server takes it. */
export interface AcceptOptions {
  /** Puts what belongs to the connection into the context values of each of its calls, when a handler first asks for them. */
  readonly contextValues?: (values: ContextValues) => void;
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
  accept(stream: Duplex, options?: AcceptOptions): void;
  readonly connectionCount: number;
  /** Calls that were not answered yet. */
  readonly inFlight: number;
  /** What all connections, also those that have ended, have done so far. */
  stats(): WireCounters;
  /**
   * Says GOAWAY on every connection, answers the calls in flight and those that are on their way, and resolves when every
   * byte stream is closed: by the client, or by us a second after its last call. After `graceMs` (default 5000) what is
   * left is reset. Byte streams that come meanwhile are told to go away.
   */
  close(options?: { graceMs?: number }): Promise<void>;
  /** Ends every connection now; handlers in flight are aborted. */
  destroy(): void;
}

/**
 * Makes a server without any service. It listens to nothing: hand it byte streams with `accept`.
 *
 * @throws {@link TenonError} `option-invalid`
 */
export function createServer(options: ServerOptions = {}): Server {
  checkServerOptions(options);
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
  readonly unknownService: ServerHome["unknownService"];
  readonly #prefaceTimeoutMs: number;
  readonly #requestIdleTimeoutMs: number;
  readonly #interceptors: Interceptor[];
  #sweeper: NodeJS.Timeout | undefined;
  readonly #connections = new Set<ServerConnection>();
  /** Streams whose preface has not come. */
  readonly #greeting = new Map<Duplex, Greeting>();
  /** Every stream that is not closed. */
  readonly #streams = new Set<Duplex>();
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
    this.unknownService = options.unknownService;
    this.sendCompression = {
      compression: options.sendCompression ?? "identity",
      minBytes: options.minCompressBytes ?? 1024,
    };
    this.limits = {
      ...defaultLimits,
      streamWindowBytes: options.streamWindowBytes ?? defaultLimits.streamWindowBytes,
      connectionWindowBytes: options.connectionWindowBytes ?? defaultLimits.connectionWindowBytes,
      maxStreamWindowBytes: options.maxStreamWindowBytes ?? defaultLimits.maxStreamWindowBytes,
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

  accept(stream: Duplex, options?: AcceptOptions): void {
    if (stream.destroyed) return;
    this.#streams.add(stream);
    stream.once("close", () => this.#streamClosed(stream));
    if (this.#closing) return turnAway(stream);
    const greeting = readPreface(stream, preface, this.#prefaceTimeoutMs, (rest) => {
      this.#greeting.delete(stream);
      if (rest === undefined) {
        if (this.#closing) turnAway(stream);
        else stream.destroy();
        return;
      }
      const served = new ServerConnection(this, stream, options?.contextValues);
      this.#connections.add(served);
      this.#watch();
      if (this.#closing) served.drain();
      if (rest.length > 0) served.connection.receive(rest);
    });
    if (!stream.destroyed) this.#greeting.set(stream, greeting);
  }

  async close(options: { graceMs?: number } = {}): Promise<void> {
    checkNumbers(options, { graceMs: [0, maxTimerMs] });
    this.#closing = true;
    // A client that has connected is about to speak, and may have calls behind its first bytes.
    for (const greeting of this.#greeting.values()) greeting.hurry(drainMs);
    for (const connection of this.#connections) connection.drain();
    if (this.#streams.size === 0) return;
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
    for (const stream of this.#greeting.keys()) stream.destroy();
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
  }

  #streamClosed(stream: Duplex): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0) return;
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
