import type { ContextValues } from "@connectrpc/connect";
import { TenonError } from "@tenon/core";
import { type BrokerEnd, brokerKey } from "@tenon/wire/broker";
import { brokerStreamKey } from "../services/broker.js";

/** How long the channels of a broker may go on that a new stream of the same connection has replaced, in milliseconds. */
const replacedGraceMs = 5000;

/** The broker of one connection. It is made when the first call asks for it, which may be before the host begins its stream. */
export class ConnectionBroker {
  readonly #plugin: string;
  readonly #create: () => BrokerEnd;
  #end: BrokerEnd | undefined;
  #closed: TenonError | undefined;

  constructor(plugin: string, create: () => BrokerEnd) {
    this.#plugin = plugin;
    this.#create = create;
  }

  /** Puts the broker into the context of a call. */
  readonly contextValues = (values: ContextValues): void => {
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

  #current(): BrokerEnd {
    if (this.#end !== undefined) return this.#end;
    this.#end = this.#create();
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
