import { type ContextKey, Code, ConnectError, type Transport } from "@connectrpc/connect";

/** The broker id under which a host serves its services. `Broker.nextId` never gives it. */
export const hostServicesId = 0;

/** Gives the transport to the services of the host that a call came from. It connects at the first use. */
export interface HostServicesSource {
  (): Promise<Transport>;
  /** What the promise would resolve with, where it has. */
  readonly ready?: Transport | undefined;
}

const noSource: HostServicesSource = () =>
  Promise.reject(
    new ConnectError(
      "this call came over a connection that carries no host services; they exist where a Tenon host started the plugin",
      Code.FailedPrecondition,
    ),
  );

/**
 * Finds, in a handler, the way to the host's services: `context.values.get(hostServicesKey)`. It is the same in every copy of this package:
 * host and plugin may be in one process and have one each.
 */
export const hostServicesKey: ContextKey<HostServicesSource> = {
  id: Symbol.for("tenon.host-services"),
  defaultValue: noSource,
};
