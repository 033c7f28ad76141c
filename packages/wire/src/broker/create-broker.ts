import { setMaxListeners } from "node:events";
import type { ContextValues } from "@connectrpc/connect";
import { type ConnInfo, TenonError } from "@tenon/core";
import type { Channel } from "../client/channel.js";
import type { ServerOptions } from "../server/options.js";
import { createServer, type Server } from "../server/server.js";
import type { Broker, BrokerDialOptions, BrokeredServer, BrokerServeOptions } from "./broker.js";
import { createBrokeredServer, type ServedId } from "./brokered-server.js";
import { DialAttempt } from "./dial-attempt.js";
import { brokerKey } from "./key.js";
import type { Outbox } from "./outbox.js";
import type { Door, Paths } from "./paths.js";

/** What a loaded broker is made with. */
export interface LoadedBrokerInit {
  readonly plugin: string;
  readonly timeoutMs: number;
  readonly server?: ServerOptions | undefined;
  readonly contextValues?: ((values: ContextValues) => void) | undefined;
  readonly outbox: Outbox;
  readonly paths: Paths;
  /** The last id that was given out. */
  readonly lastId: number;
}

/** A broker at work. */
export interface LoadedBroker extends Broker {
  /** Takes a message of the other side. */
  receive(message: ConnInfo): void;
  /** Serves and dials nothing any more, lets calls in flight go on for `graceMs`, ends. Resolves when nothing is left. */
  close(reason: TenonError, graceMs: number): Promise<void>;
  /** Ends at once, with every channel that was opened. */
  destroy(reason: TenonError): void;
}

const maxId = 0xffffffff;

/** Makes the part of a broker that is loaded when it is first used. */
export function createBroker(init: LoadedBrokerInit, self: Broker): LoadedBroker {
  return new Loaded(init, self);
}

class Loaded implements LoadedBroker {
  readonly #init: LoadedBrokerInit;
  /** What the users of the broker know it by. */
  readonly #self: Broker;
  readonly #served = new Map<number, ServedId | undefined>();
  readonly #channels = new Set<Channel>();
  readonly #ending = new AbortController();
  #lastId: number;

  constructor(init: LoadedBrokerInit, self: Broker) {
    this.#init = init;
    this.#self = self;
    this.#lastId = init.lastId;
    // As many as there are dials at a time.
    setMaxListeners(0, this.#ending.signal);
  }

  nextId(): number {
    do {
      this.#lastId = this.#lastId === maxId ? 1 : this.#lastId + 1;
    } while (this.#served.has(this.#lastId));
    return this.#lastId;
  }

  async serve(register: (server: Server) => void, options: BrokerServeOptions = {}): Promise<BrokeredServer> {
    this.#ending.signal.throwIfAborted();
    const id = options.id ?? this.nextId();
    checkId(id);
    if (this.#served.has(id)) throw invalidId(id, "it is served already");
    const server = createServer({ ...this.#init.server, ...options.server });
    register(server);
    this.#served.set(id, undefined);
    const contextValues = (values: ContextValues): void => {
      values.set(brokerKey, this.#self);
      this.#init.contextValues?.(values);
    };
    let door: Door;
    try {
      door = await this.#init.paths.open(id, (stream) => server.accept(stream, { contextValues }));
    } catch (error) {
      this.#served.delete(id);
      server.destroy();
      throw error;
    }
    const served = createBrokeredServer({ id, server, door, onClosed: () => this.#served.delete(id) });
    this.#served.set(id, served);
    if (this.#ending.signal.aborted) served.destroy();
    this.#ending.signal.throwIfAborted();
    return served.handle;
  }

  async dial(id: number, options: BrokerDialOptions = {}): Promise<Channel> {
    checkId(id);
    const { timeoutMs = this.#init.timeoutMs, signal: callersSignal } = options;
    checkTimeout(timeoutMs);
    const { plugin } = this.#init;
    const attempt = new DialAttempt({ id, plugin, timeoutMs, callersSignal, brokersSignal: this.#ending.signal });
    try {
      attempt.signal.throwIfAborted();
      // A plugin that dials nothing is spared the client's half of the engine.
      const { openDialled } = await import("./open-dialled.js");
      const channel = await openDialled(this.#init.paths, attempt, plugin, options.channel);
      this.#channels.add(channel);
      void channel.closed.then(() => this.#channels.delete(channel));
      return channel;
    } finally {
      attempt.end();
    }
  }

  receive(message: ConnInfo): void {
    this.#init.paths.receive(message);
  }

  async close(reason: TenonError, withinMs: number): Promise<void> {
    this.#begin(reason);
    const channels = [...this.#channels];
    const late = setTimeout(() => channels.forEach((channel) => channel.destroy(reason)), withinMs);
    try {
      await Promise.all([
        ...[...this.#served.values()].map((served) => served?.handle.close({ graceMs: withinMs })),
        ...channels.map((channel) => channel.close()),
      ]);
    } finally {
      clearTimeout(late);
    }
  }

  destroy(reason: TenonError): void {
    this.#begin(reason);
    for (const served of this.#served.values()) served?.destroy();
    for (const channel of this.#channels) channel.destroy(reason);
  }

  #begin(reason: TenonError): void {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort(reason);
    this.#init.outbox.end();
    this.#init.paths.close();
  }
}

function checkId(id: unknown): void {
  if (Number.isInteger(id) && (id as number) >= 0 && (id as number) <= maxId) return;
  throw invalidId(id, `it must be a whole number from 0 to ${maxId}`);
}

function invalidId(id: unknown, why: string): TenonError {
  return new TenonError("option-invalid", `The broker id ${String(id)} cannot be used: ${why}.`, {
    facts: { option: "id", value: id },
  });
}

function checkTimeout(value: unknown): void {
  if (typeof value === "number" && value >= 0 && value <= 0x7fffffff) return;
  throw new TenonError("option-invalid", `The option timeoutMs is ${String(value)}; it must be from 0 to 2147483647.`, {
    facts: { option: "timeoutMs", value },
  });
}
