import type { ContextValues } from "@connectrpc/connect";
import { TenonError } from "@tenon/core";
import { type BrokerEnd, brokerKey, hostServicesId, hostServicesKey } from "@tenon/wire/broker";
import { createHostChannel } from "../host-services/host-channel.js";
import { brokerStreamKey } from "../services/broker.js";

/** How long the channels of a broker may go on that a new stream of the same connection has replaced, in milliseconds. */
const replacedGraceMs = 5000;

/** The broker of one connection. It is made when the first call asks for it, which may be before the host begins its stream. */
export class ConnectionBroker {
  readonly #plugin: string;
  readonly #create: (contextValues: (values: ContextValues) => void) => BrokerEnd;
  /** Made once for each connection: its calls share one channel. */
  readonly #hostServices = createHostChannel(() => this.#current().broker.dial(hostServicesId));
  #end: BrokerEnd | undefined;
  #closed: TenonError | undefined;

  /** `create` is given what the calls to brokered servers have in their context beside the broker. */
  constructor(plugin: string, create: (contextValues: (values: ContextValues) => void) => BrokerEnd) {
    this.#plugin = plugin;
    this.#create = create;
  }

  /** Whether the host has begun the broker's stream. */
  get isAttached(): boolean {
    return this.#end?.isAttached ?? false;
  }

  /** Puts the broker and the way to the host's services into the context of a call. */
  readonly contextValues = (values: ContextValues): void => {
    this.#toHost(values);
    values.set(brokerKey, this.#current().broker);
    values.set(brokerStreamKey, () => this.#attach());
  };

  /** Lets calls in flight go on for `graceMs`, and ends the host's stream at once: it is a call too. */
  async close(graceMs: number): Promise<void> {
    this.#closed ??= new TenonError("broker-closed", `The plugin "${this.#plugin}" is closing.`, {
      plugin: this.#plugin,
    });
    await this.#end?.close(this.#closed, graceMs);
  }

  destroy(): void {
    this.#closed ??= new TenonError("broker-closed", "The connection of the broker has ended.", {
      plugin: this.#plugin,
    });
    this.#end?.destroy(this.#closed);
  }

  readonly #toHost = (values: ContextValues): void => {
    values.set(hostServicesKey, this.#hostServices);
  };

  #current(): BrokerEnd {
    if (this.#end !== undefined) return this.#end;
    this.#end = this.#create(this.#toHost);
    if (this.#closed !== undefined) this.#end.destroy(this.#closed);
    return this.#end;
  }

  /** A host that begins a second stream has no use for the first one. */
  #attach(): BrokerEnd {
    const before = this.#current();
    if (!before.isAttached) return before;
    void before.close(
      new TenonError("broker-closed", "The host has begun another broker stream.", { plugin: this.#plugin }),
      replacedGraceMs,
    );
    this.#end = undefined;
    return this.#current();
  }
}
