import type { HandlerContext } from "@connectrpc/connect";
import { Health } from "@tenon/core";
import { Bind, type Hello, type HostFrame, type PluginFrame } from "@tenon/core/bind";
import { createServer, type Server } from "@tenon/wire";
import { createHealth } from "@tenon/wire/health";
import { logLevels } from "../logs/record.js";
import { checkKeys, durationMs, invalidOption, oneOf, textOrNothing } from "../options/check.js";
import { type Announcer, createAnnouncer, nobody } from "./announcer.js";
import type { BindListener, ListenerHost } from "./bind-listener.js";
import { BoundLink } from "./bound-link.js";
import { type Connection, connectionKey, type Connections, createConnections } from "./connections.js";
import { createFrameReader, type FrameReader } from "./frame-reader.js";
import { hostFrames } from "./frames.js";
import { greet, isTurnedAway } from "./greet.js";
import { hasNames, type HelloRefusal } from "./hello.js";
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
  const socket = await openListener(address, tls, helloTimeoutMs, {
    mayOpen: (incoming) => reception.connections.admit(incoming),
    onConnection: (incoming) => reception.accept(incoming),
  });
  reception.pulse.start();
  if (isExposed) {
    const risk = "tokens, calls and logs can be read on the way";
    reception.announcer.note("warn", `listens at ${socket.address} without TLS: ${risk}`);
  }
  return createApi(reception, socket);
}

function createApi(reception: Reception, socket: OpenListener): BindListener {
  const { mounts, announcer, connections } = reception;
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= reception.close(socket));
  return Object.freeze<BindListener>({
    address: socket.address,
    get refusedConnections() {
      return connections.refused;
    },
    plugins: () => [...mounts.all.values()].map(describeMount),
    session: (id) => mounts.session(id),
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
    close,
    [Symbol.asyncDispose]: close,
  });
}

/** Where plugins come in: the connections of one listener, and the calls on them. */
class Reception {
  readonly announcer: Announcer;
  readonly connections: Connections;
  readonly mounts: Mounts;
  readonly pulse: Pulse;
  readonly #options: ParsedListenOptions;
  readonly #server: Server;
  readonly #health = createHealth();
  readonly #matchContract: MatchContract;
  /** Attach calls that were not welcomed yet. */
  #greeting = 0;

  constructor(options: ParsedListenOptions, host: ListenerHost) {
    this.#options = options;
    this.announcer = createAnnouncer(host.name, options.log);
    if (options.onEvent !== undefined) this.announcer.add(options.onEvent);
    this.connections = createConnections(options.maxHalfOpen, options.helloTimeoutMs);
    this.mounts = new Mounts(options, host, this.announcer);
    this.#matchContract = createContractMatcher(options.contracts, new Set(options.hostServices.keys()));
    this.pulse = createPulse(options, this.mounts.all, {
      sweep: (now) => this.connections.sweep(now),
      onSuspect: (mount, silentMs) => this.mounts.suspect(mount, silentMs),
      onDead: (mount, silentMs) => this.mounts.giveUp(mount, silentMs),
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
  accept(socket: Parameters<Connections["open"]>[0]): void {
    const connection = this.connections.open(socket);
    this.#server.accept(socket, { contextValues: (values) => values.set(connectionKey, connection) });
  }

  /** Ends everything. */
  async close(socket: OpenListener): Promise<void> {
    socket.stop();
    this.#health.close();
    this.mounts.close("the host ends");
    await this.#server.close({ graceMs: closeMs });
    this.pulse.stop();
  }

  #attach(requests: AsyncIterable<PluginFrame>, context: HandlerContext): AsyncIterable<HostFrame> {
    const connection = connectionOf(context);
    const link = new BoundLink(() => connection.destroy());
    void this.#serve(link, createFrameReader(requests), connection).then(
      () => link.over("the plugin ended the call without a goodbye"),
      (error: unknown) => link.over(`the link broke: ${error instanceof Error ? error.message : String(error)}`),
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
    if (this.#greeting >= this.#options.maxHalfOpen || connection.asking >= maxGreetings) {
      this.#reject(link, { code: "host-busy", reason: "the host greets as many plugins as it may; come again" });
      return false;
    }
    this.#greeting++;
    // The greeting has its own limit of time, and its answer has to get out.
    connection.asking++;
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
      this.#reject(link, refusal, greeted.hello);
      return false;
    } finally {
      connection.asking--;
      this.#greeting--;
    }
  }

  #reject(link: BoundLink, refusal: HelloRefusal, hello?: Hello): void {
    link.refuse(hostFrames.reject(refusal));
    const { plugin = "", instance = "", epoch = 0n } = hello ?? {};
    // What is malformed is not shown as it is.
    const who =
      hello !== undefined && hasNames(hello)
        ? { id: `${plugin}/${instance}`, plugin, instance, epoch: Number(epoch) }
        : nobody;
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

function connectionOf({ values }: HandlerContext): Connection {
  const connection = values.get(connectionKey);
  if (connection === undefined) throw new Error("the call came by no connection of the listener");
  return connection;
}
