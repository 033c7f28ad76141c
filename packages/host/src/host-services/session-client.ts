import type { DescService } from "@bufbuild/protobuf";
import type { CallOptions, Client, ConnectError, Transport } from "@connectrpc/connect";
import { createClient } from "@tenon/wire";
import { nestedTransport } from "@tenon/wire/host-services";
import { currentCall } from "./handled-calls.js";

type Call = (request: unknown, options?: CallOptions) => unknown;

/**
 * A client of a plugin's service. Calls that a service of the host makes while it handles a call belong to that call; all others take the
 * straight way, and have paid no more than a look at a number. What `leaving` gives fails them before they are sent.
 */
export function createSessionClient<S extends DescService>(
  service: S,
  transport: Transport,
  defaultTimeoutMs: number | undefined,
  leaving: (() => ConnectError | undefined) | undefined,
): Client<S> {
  const plain = createClient(service, transport) as Record<string, Call>;
  let nested: Record<string, Call> | undefined;
  const client: Record<string, Call> = {};
  for (const { localName } of service.methods) {
    const call = plain[localName]!;
    client[localName] = (request, options) => {
      const refusal = leaving?.();
      if (refusal !== undefined) return call(request, { ...options, signal: AbortSignal.abort(refusal) });
      if (currentCall() === undefined) return call(request, options);
      nested ??= createClient(service, nestedTransport(transport, currentCall, { defaultTimeoutMs })) as Record<
        string,
        Call
      >;
      return nested[localName]!(request, options);
    };
  }
  return client as Client<S>;
}
