import { type ContextKey, createContextKey, type ServiceImpl } from "@connectrpc/connect";
import type { GRPCBroker } from "@tenon/core";
import type { BrokerEnd } from "@tenon/wire/broker";

/** Where a call finds its connection's end of the broker. */
export const brokerStreamKey: ContextKey<(() => BrokerEnd) | undefined> = createContextKey(
  undefined as (() => BrokerEnd) | undefined,
  { description: "Tenon: begins the broker's stream of the connection" },
);

/** go-plugin's `GRPCBroker`: the stream on which host and plugin tell each other of further channels, one for each connection. */
export function createBrokerService(): ServiceImpl<typeof GRPCBroker> {
  return {
    async *startStream(requests, { values }) {
      const end = values.get(brokerStreamKey)?.();
      if (end === undefined) return;
      void end.read(requests);
      yield* end.outgoing;
    },
  };
}
