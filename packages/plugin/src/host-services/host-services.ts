import type { DescService } from "@bufbuild/protobuf";
import type { Client, HandlerContext } from "@connectrpc/connect";
import type { Contract, ContractServices, ContractVersions } from "@tenon/core";
import { hostServicesKey } from "@tenon/wire/broker";
import { createClient, createOuterCall, lazyTransport, nestedTransport } from "@tenon/wire/host-services";

/** Clients of the host services that a contract declares, by their names there. */
export type HostServiceClients<H extends ContractServices> = {
  readonly [K in keyof H]: H[K] extends DescService ? Client<H[K]> : never;
};

/** How {@link hostServices} makes its calls. */
export interface HostServicesOptions {
  /**
   * For calls that may go on when the handler has answered: they have neither its deadline nor its signal. They keep its id and trace
   * context. Default false.
   */
  readonly background?: boolean;
}

/**
 * Clients of the host's services, for use in a handler: `hostServices(kv, context).store.get(…)`. The calls are part of the call that is
 * handled: they have its deadline (or a shorter one of their own), end when it is cancelled or answered, and tell on its id and trace
 * context. The first call of a connection opens a channel to the host, which the others use too.
 *
 * Calls fail with a `ConnectError`: `PermissionDenied` for a service that the host does not grant, `FailedPrecondition` where the host has
 * no services, `ResourceExhausted` where host and plugin have called each other too often in turn.
 */
export function hostServices<H extends ContractServices>(
  contract: Contract<ContractVersions, H>,
  context: HandlerContext,
  { background = false }: HostServicesOptions = {},
): HostServiceClients<H> {
  const outer = createOuterCall(context, { name: contract.name, background });
  const transport = nestedTransport(lazyTransport(context.values.get(hostServicesKey)), () => outer);
  const clients: Record<string, Client<DescService>> = {};
  for (const [name, service] of Object.entries(contract.hostServices ?? {})) {
    let client: Client<DescService> | undefined;
    Object.defineProperty(clients, name, {
      enumerable: true,
      get: () => (client ??= createClient(service, transport)),
    });
  }
  return clients as HostServiceClients<H>;
}
