import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { isTenonError } from "@tenon/core";
import type { Channel } from "@tenon/wire";
import { hostServicesId, type HostServicesSource } from "@tenon/wire/broker";

/**
 * The way to the services of one host: a channel that is dialled when they are first used, and kept for as long as it lives. A dial that
 * failed is made again at the next use.
 */
export function createHostChannel(dial: () => Promise<Channel>): HostServicesSource {
  let ready: Transport | undefined;
  let opening: Promise<Transport> | undefined;

  const open = async (): Promise<Transport> => {
    try {
      const channel = await dial();
      ready = channel.transport;
      void channel.closed.then(() => {
        ready = undefined;
        opening = undefined;
      });
      return ready;
    } catch (error) {
      opening = undefined;
      throw explain(error);
    }
  };
  const source = (): Promise<Transport> => (opening ??= open());
  return Object.defineProperty(source, "ready", { get: () => ready });
}

function explain(cause: unknown): ConnectError {
  const why = cause instanceof Error ? cause.message : String(cause);
  if (isTenonError(cause, "broker-timeout") || isTenonError(cause, "broker-refused")) {
    return new ConnectError(
      `the host serves nothing under the broker id ${hostServicesId}, where its services would be: it is no Tenon host, or its ` +
        `contract declares none (${why})`,
      Code.FailedPrecondition,
      undefined,
      undefined,
      cause,
    );
  }
  return new ConnectError(
    `the host's services cannot be reached: ${why}`,
    Code.Unavailable,
    undefined,
    undefined,
    cause,
  );
}
