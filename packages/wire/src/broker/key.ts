import type { ContextKey } from "@connectrpc/connect";
import { TenonError } from "@tenon/core";
import type { Broker } from "./broker.js";

const fail = (): never => {
  throw new TenonError(
    "broker-closed",
    "This call came over a connection without a broker. Brokers exist where host and plugin are connected as processes.",
  );
};

/** Stands where there is no broker: each use of it fails with `broker-closed`. */
const noBroker: Broker = {
  serve: async () => fail(),
  dial: async () => fail(),
  nextId: fail,
};

/**
 * Finds the broker of the connection that a call came over, in a handler: `context.values.get(brokerKey)`. Two hosts of one
 * plugin have a broker each. The key is the same in every copy of this package: that of what a plugin imports may not be the one that serves.
 */
export const brokerKey: ContextKey<Broker> = { id: Symbol.for("tenon.broker"), defaultValue: noBroker };
