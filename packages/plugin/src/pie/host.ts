import type { Duplex } from "node:stream";
import type { DescService } from "@bufbuild/protobuf";
import type { Client, Transport } from "@connectrpc/connect";
import { createClient } from "@tenon/wire/client";
import { createJsonRpcChannel, type JsonRpcChannelOptions } from "@tenon/wire/json-rpc";

/** Options of {@link dialPieHost}. Each has a default. */
export type PieHostOptions = Omit<JsonRpcChannelOptions, "explainLoss">;

/** The host, as a consumer sees it. */
export interface PieHost extends AsyncDisposable {
  /** For clients of your own. */
  readonly transport: Transport;
  /** Aborts when the host is gone, or wants the plugin to end. Its reason is a TenonError where the host did not speak JSON-RPC. */
  readonly signal: AbortSignal;
  /** A typed client of one of the host's services. Streams fail with UNIMPLEMENTED. */
  client<S extends DescService>(service: S): Client<S>;
  /** Takes no new calls, and ends the connection when those in flight have ended. */
  close(): Promise<void>;
  /** Ends the connection now: calls in flight fail with UNAVAILABLE. */
  destroy(cause?: Error): void;
}

/**
 * Calls the services of a host by JSON-RPC on a connected byte stream, and touches nothing else. `runPieConsumer` is this on the
 * standard streams of a process. Whether the host serves anything shows with the first call. pie: `NewConsumerCodec`.
 *
 * @throws {@link TenonError} `option-invalid`
 */
export function dialPieHost(stream: Duplex, options: PieHostOptions = {}): PieHost {
  const channel = createJsonRpcChannel(stream, options);
  const gone = new AbortController();
  void channel.closed.then(({ message, cause }) => gone.abort(cause instanceof Error ? cause : new Error(message)));
  const close = async (): Promise<void> => void (await channel.close());
  return {
    transport: channel.transport,
    signal: gone.signal,
    client: (service) => createClient(service, channel.transport),
    close,
    destroy: (cause) => channel.destroy(cause),
    [Symbol.asyncDispose]: close,
  };
}
