import { type ContextKey, Code, ConnectError, createContextKey, type Transport } from "@connectrpc/connect";

/** Gives the transport to the services of the host that a call came from. It connects at the first use. */
export type HostServicesSource = () => Promise<Transport>;

const noSource: HostServicesSource = () =>
  Promise.reject(
    new ConnectError(
      "this call came over a connection that carries no host services; they exist where a Tenon host started the plugin",
      Code.FailedPrecondition,
    ),
  );

/** Finds, in a handler, the way to the host's services: `context.values.get(hostServicesKey)`. */
export const hostServicesKey: ContextKey<HostServicesSource> = createContextKey(noSource, {
  description: "Tenon: the host's services",
});
