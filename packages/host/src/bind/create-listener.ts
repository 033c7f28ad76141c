import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { Health } from "@tenon/core";
import { Bind, type Hello, type HostFrame, type PluginFrame } from "@tenon/core/bind";
import { createServer, type Server } from "@tenon/wire";
import { createHealth } from "@tenon/wire/health";
import { logLevels } from "../logs/record.js";
import { checkKeys, durationMs, invalidOption, oneOf, textOrNothing } from "../options/check.js";
import { createUpgrades, type Upgrades } from "../websocket/upgrades.js";
import { type Announcer, createAnnouncer, nobody } from "./announcer.js";
import type { BindListener, ListenerHost } from "./bind-listener.js";
import { BoundLink } from "./bound-link.js";
import { type ClosedTally, createClosedTally } from "./closed-tally.js";
import { type Connection, connectionKey, type Connections, createConnections, remoteOf } from "./connections.js";
import { createFrameReader, type FrameReader } from "./frame-reader.js";
import { hostFrames } from "./frames.js";
import { greet, isTurnedAway } from "./greet.js";
import { hasNames, type HelloRefusal, hostClosing } from "./hello.js";
import { createContractMatcher, type MatchContract } from "./match-contract.js";
import { describeMount } from "./mount.js";
import { Mounts } from "./mounts.js";
import { openListener, type OpenListener } from "./open-listener.js";
import type { ParsedListenOptions } from "./options.js";
import { createPulse, type Pulse } from "./pulse.js";

/** How long the last words of a listener that closes may take. */
const closeMs = 1000;
/** Plugins that are greeted at once on one connection, at most; each mostly has its own. */
const maxGreetings = 64;
/** Attach calls that one connection may have open. */
const maxCallsPerConnection = 1024;

/**
 * Opens a listener.
 *
 * @throws TenonError `listen-failed`
 */
export async function createListener(options: ParsedListenOptions, host: ListenerHost): Promise<BindListener> {
  const reception = new Reception(options, host);
  const { address, tls, helloTimeoutMs, isExposed } = options;
  const mayOpen = (incoming: Socket): boolean => reception.connections.admit(incoming);
  const upgrades = createUpgrades({
    ...options,
    mayOpen,
    onConnection: (stream, incoming) => reception.accept(stream, incoming),
    onFault: (error) => reception.announcer.note("error", `cannot take a WebSocket: ${String(error)}`),
  });
  const onConnection = (incoming: Socket): void => reception.accept(incoming, incoming);
  // One that Node has destroyed has no address any more.
  const onUnfit = (why: string, incoming: Socket): void =>
    reception.closed.add(why, incoming.remoteAddress === undefined ? undefined : remoteOf(incoming));
  const socket = await openListener(address, tls, helloTimeoutMs, { mayOpen, onConnection, onUnfit }, upgrades);
  reception.pulse.start();
  if (isExposed) {
    const risk = "tokens, calls and logs can be read on the way";
    const where = address.network === "none" ? "takes WebSockets" : `listens at ${socket.address}`;
    reception.announcer.note("warn", `${where} without TLS: ${risk}`);
  }
  return createApi(reception, socket, upgrades);
}

function createApi(reception: Reception, socket: OpenListener, upgrades: Upgrades): BindListener {
  const { mounts, announcer, connections } = reception;
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    upgrades.stop();
    return (closing ??= reception.close(socket));
  };
  return Object.freeze<BindListener>({
    address: socket.address,
    get refusedConnections() {
      return connections.refused;
    },
    plugins: () => [...mounts.all.values()].map(describeMount),
    // The contract says what the session's type is.
    session: ((id, contract) => mounts.session(id, contract?.name)) as Sessions,
    onEvent(listener) {
      if (typeof listener !== "function") throw invalidOption("onEvent", "it must be a function");
      return announcer.add(listener);
    },
    async drain(id, given) {
      const options = checkKeys("drain", given, ["timeoutMs", "reason"]);
      const timeoutMs = durationMs("drain.timeoutMs", options["timeoutMs"], 10_000);
      return mounts.drain(
        id,
        timeoutMs,
        textOrNothing("drain.reason", options["reason"]) ?? "the host asked it to finish",
      );
    },
    kick: (id, reason) => mounts.kick(id, textOrNothing("kick.reason", reason) ?? "the host sent it away"),
    setLogLevel: (id, level) => mounts.setLogLevel(id, oneOf("level", level, [...logLevels, "off"] as const, "info")),
    handleUpgrade: (request, incoming, head) => upgrades.handle(request, incoming, head),
    close,
    [Symbol.asyncDispose]: close,
  });
}

type Sessions = BindListener["session"];

/** Where plugins come in: the connections of one listener, and the calls on them. */
class Reception {
  readonly announcer: Announcer;
  readonly connections: Connections;
  readonly closed: ClosedTally;
  readonly mounts: Mounts;
  readonly pulse: Pulse;
  readonly #options: ParsedListenOptions;
  readonly #server: Server;
  readonly #health = createHealth();
  readonly #matchContract: MatchContract;
  readonly #onClosed: () => void;
  /** Attach calls that were not welcomed yet. */
  readonly #greeting = new Map<BoundLink, Connection>();

  constructor(options: ParsedListenOptions, host: ListenerHost) {
    this.#options = options;
    this.#onClosed = () => host.onClosed();
    this.announcer = createAnnouncer(host.name, options.log);
    if (options.onEvent !== undefined) this.announcer.add(options.onEvent);
    this.closed = createClosedTally((message) => this.announcer.note("warn", message));
    this.connections = createConnections(options.maxHalfOpen, options.helloTimeoutMs, this.closed);
    this.mounts = new Mounts(options, host, this.announcer);
    this.#matchContract = createContractMatcher(options.contracts, new Set(options.hostServices.keys()));
    this.pulse = createPulse(options, this.mounts.all, {
      sweep: (now) => {
        this.connections.sweep(now);
        this.closed.sweep(now);
      },
      onSuspect: (mount, silentMs) => this.mounts.suspect(mount, silentMs),
      onDead: (mount, silentMs) => this.mounts.giveUp(mount, silentMs),
      onDraining: (mount) => this.mounts.settle(mount),
      onDeadline: (mount) => this.mounts.expire(mount),
    });
    this.#server = createServer({
      maxReceiveMessageBytes: options.maxFrameBytes,
      maxConcurrentStreams: maxCallsPerConnection,
      prefaceTimeoutMs: options.helloTimeoutMs,
    });
    const { implementation } = this.#health;
    this.#server.add(Bind, { attach: (requests, context) => this.#attach(requests, context) }).add(Health, {
      ...implementation,
      check: (request, context) => {
        connectionOf(context).asked++;
        return implementation.check(request, context);
      },
      watch: (request, context) => watched(implementation.watch(request, context), connectionOf(context)),
    });
  }

  /** Speaks gRPC on a connection. */
  accept(stream: Duplex, socket: Socket): void {
    const connection = this.connections.open(stream, socket);
    this.#server.accept(stream, { contextValues: (values) => values.set(connectionKey, connection) });
  }

  /** Ends everything. */
  async close(socket: OpenListener): Promise<void> {
    socket.stop();
    this.#health.close();
    this.mounts.close("the host ends");
    for (const [link, connection] of this.#greeting) this.#reject(link, hostClosing, connection);
    this.connections.endIdle();
    await this.#server.close({ graceMs: closeMs });
    this.connections.destroy();
    this.pulse.stop();
    this.#onClosed();
  }

  #attach(requests: AsyncIterable<PluginFrame>, context: HandlerContext): AsyncIterable<HostFrame> {
    const connection = connectionOf(context);
    const link = new BoundLink(() => connection.destroy());
    void this.#serve(link, createFrameReader(requests), connection).then(
      () => link.over("the plugin ended the call without a goodbye"),
      (error: unknown) => link.over(`the link broke: ${messageOf(error)}`, faultOf(error)),
    );
    return link.outgoing;
  }

  async #serve(link: BoundLink, frames: FrameReader, connection: Connection): Promise<void> {
    if (!(await this.#welcome(link, frames, connection))) {
      // Its end tells that the plugin has read the refusal.
      while ((await frames.next()).done !== true);
      return;
    }
    const letGo = this.connections.hold(connection);
    try {
      for (;;) {
        const { done, value } = await frames.next();
        if (done === true) return;
        if (link.hasEnded) continue;
        const taken = link.receive(value, this.pulse.busyMs);
        if (taken !== true) await taken;
      }
    } finally {
      letGo();
    }
  }

  /** Whether the plugin is in. */
  async #welcome(link: BoundLink, frames: FrameReader, connection: Connection): Promise<boolean> {
    if (this.#greeting.size >= this.#options.maxHalfOpen || connection.asking >= maxGreetings) {
      const reason = "the host greets as many plugins as it may; come again";
      this.#reject(link, { code: "host-busy", reason }, connection);
      return false;
    }
    this.#greeting.set(link, connection);
    // The greeting has its own limit of time, and its answer has to get out.
    const hasCome = this.connections.greet(connection);
    try {
      const greeted = await greet({
        frames,
        link,
        connection,
        timeoutMs: this.#options.helloTimeoutMs,
        matchContract: this.#matchContract,
        admit: this.#options.admit,
        onFault: (error) =>
          this.announcer.note("error", `cannot decide about a plugin, admit failed: ${String(error)}`),
      });
      if (link.hasEnded) return false;
      const refusal = isTurnedAway(greeted) ? greeted.refusal : this.mounts.mount(link, greeted, connection.remote);
      if (refusal === undefined) return true;
      this.#reject(link, refusal, connection, greeted.hello);
      return false;
    } finally {
      hasCome();
      this.#greeting.delete(link);
    }
  }

  #reject(link: BoundLink, refusal: HelloRefusal, { remote }: Connection, hello?: Hello): void {
    link.refuse(hostFrames.reject(refusal));
    const { plugin = "", instance = "", epoch = 0n } = hello ?? {};
    // What is malformed is not shown as it is.
    const who =
      hello !== undefined && hasNames(hello)
        ? { id: `${plugin}/${instance}`, plugin, instance, epoch: Number(epoch), remote }
        : { ...nobody, remote };
    this.announcer.tell("rejected", who, refusal.reason, { code: refusal.code });
  }
}

async function* watched<T>(answers: AsyncIterable<T>, connection: Connection): AsyncIterable<T> {
  connection.asking++;
  try {
    yield* answers;
  } finally {
    connection.asking--;
  }
}

/** What the plugin is told where it can still be: bytes that are no frame are its own fault. */
function faultOf(error: unknown): ConnectError {
  const fault = ConnectError.from(error);
  return fault.code === Code.Internal ? new ConnectError(fault.rawMessage, Code.InvalidArgument) : fault;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function connectionOf({ values }: HandlerContext): Connection {
  const connection = values.get(connectionKey);
  if (connection === undefined) throw new Error("the call came by no connection of the listener");
  return connection;
}
