import type { ContextValues } from "@connectrpc/connect";
import { type ConnInfo, TenonError } from "@tenon/core";
import type { ServerOptions } from "../server/options.js";
import type { Broker } from "./broker.js";
import type { LoadedBroker } from "./create-broker.js";
import { type OutgoingInfo, Outbox } from "./outbox.js";
import type { Paths } from "./paths.js";

/** What one end of a broker is made with. */
export interface BrokerInit {
  /** Contract or plugin name, for errors. */
  readonly plugin: string;
  /** Makes the way in which byte streams come about; called once, when the broker is first used. */
  readonly paths: (outbox: Outbox) => Promise<Paths>;
  /** How long a dial may take that names no time, in milliseconds. */
  readonly timeoutMs: number;
  /** Options of each server. */
  readonly server?: ServerOptions | undefined;
  /** Puts more into the context of the calls that come to what is served; the broker is there already. */
  readonly contextValues?: ((values: ContextValues) => void) | undefined;
}

/** One end of the broker of one connection. */
export interface BrokerEnd {
  readonly broker: Broker;
  /** What goes out on the broker's stream. It ends with the broker. */
  readonly outgoing: AsyncIterable<OutgoingInfo>;
  /** Whether {@link read} was called: a broker has one stream in its life. */
  readonly isAttached: boolean;
  /** Takes what comes in on the broker's stream. Its end is the broker's. Resolves then, and never rejects. */
  read(incoming: AsyncIterable<ConnInfo>): Promise<void>;
  /** Serves and dials nothing any more, lets calls in flight go on for `graceMs`, ends. Resolves when nothing is left. */
  close(reason: TenonError, graceMs: number): Promise<void>;
  /** Ends at once, with every channel that was opened. */
  destroy(reason: TenonError): void;
}

/** How long the channels of a broker whose stream has ended may go on with what is in flight, in milliseconds. */
const streamEndGraceMs = 5000;

/** Makes one end of a broker. Most connections never use theirs, so what it needs is loaded when somebody does. */
export function createBrokerEnd(init: BrokerInit): BrokerEnd {
  return new End(init);
}

class End implements BrokerEnd {
  readonly outgoing: Outbox = new Outbox();
  readonly broker: Broker = {
    serve: async (register, options) => (await this.#load()).serve(register, options),
    dial: async (id, options) => (await this.#load()).dial(id, options),
    nextId: () => this.#loaded?.nextId() ?? ++this.#lastId,
  };
  readonly #init: BrokerInit;
  #isAttached = false;
  #lastId = 0;
  #loading: Promise<LoadedBroker> | undefined;
  #loaded: LoadedBroker | undefined;
  #ended: TenonError | undefined;

  constructor(init: BrokerInit) {
    this.#init = init;
  }

  get isAttached(): boolean {
    return this.#isAttached;
  }

  async read(incoming: AsyncIterable<ConnInfo>): Promise<void> {
    this.#isAttached = true;
    const { plugin } = this.#init;
    let cause: Error | undefined;
    try {
      for await (const message of incoming) (this.#loaded ?? (await this.#load())).receive(message);
    } catch (error) {
      cause = error instanceof Error ? error : new Error(String(error));
    }
    const why = cause?.message ?? "the other side ended it";
    await this.close(
      new TenonError("broker-closed", `The broker's stream has ended: ${why}.`, { plugin, cause }),
      streamEndGraceMs,
    );
  }

  async close(reason: TenonError, graceMs: number): Promise<void> {
    this.#end(reason);
    await this.#loaded?.close(reason, graceMs);
  }

  destroy(reason: TenonError): void {
    this.#end(reason);
    this.#loaded?.destroy(reason);
  }

  #end(reason: TenonError): void {
    this.#ended ??= reason;
    this.outgoing.end();
  }

  async #load(): Promise<LoadedBroker> {
    if (this.#ended !== undefined) throw this.#ended;
    this.#loading ??= this.#create();
    const loaded = await this.#loading;
    if (this.#ended !== undefined) throw this.#ended;
    return loaded;
  }

  async #create(): Promise<LoadedBroker> {
    const [{ createBroker }, paths] = await Promise.all([
      import("./create-broker.js"),
      this.#init.paths(this.outgoing),
    ]);
    const { outgoing: outbox } = this;
    const loaded = createBroker({ ...this.#init, outbox, paths, lastId: this.#lastId }, this.broker);
    this.#loaded = loaded;
    // It was loaded for nothing.
    if (this.#ended !== undefined) loaded.destroy(this.#ended);
    return loaded;
  }
}
