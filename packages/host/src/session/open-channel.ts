import type { Duplex } from "node:stream";
import type { ConnectionOptions } from "node:tls";
import type { Interceptor } from "@connectrpc/connect";
import { TenonError } from "@tenon/core";
import { type Channel, type ChannelOptions, createChannel } from "@tenon/wire";
import type { Mux } from "@tenon/wire/broker-mux";
import type { ChannelSettings } from "./channel-settings.js";
import { prepareTls, secure, tlsFailed } from "./secure.js";
import { findViolation } from "./violation.js";

/** What is needed to reach a plugin. */
export interface ChannelRequest {
  /** Gives a connected byte stream. Called again only where `isRenewable`. */
  readonly connect: (signal: AbortSignal) => Promise<Duplex>;
  /** Where it leads, for messages. */
  readonly place: string;
  /** Whether `connect` can give a further stream to the same plugin. */
  readonly isRenewable: boolean;
  readonly interceptors: readonly Interceptor[];
  readonly tls: ConnectionOptions | undefined;
  readonly channel: ChannelSettings & Pick<ChannelOptions, "fixedMetadata">;
  /** Whether one connection carries everything: then the channel is its first stream. */
  readonly multiplex: boolean;
  /** Says why the connection was lost, or why no other could be made. */
  readonly explainLoss: () => Promise<Error>;
  /** Ends the attempt; its reason is thrown. */
  readonly signal: AbortSignal;
}

/** A channel that is open, and what brokered ones need of it. */
export interface OpenedChannel {
  readonly channel: Channel;
  readonly mux: Mux | undefined;
}

/**
 * Opens the channel to a plugin and waits for one answered HTTP/2 PING. That answer is the proof that the plugin accepted
 * our certificate and that an HTTP/2 server is there; the end of the TLS handshake proves neither.
 *
 * @throws {@link TenonError} `connect-failed` or `tls-failed`; the signal's reason when it aborts
 */
export async function openChannel(request: ChannelRequest): Promise<OpenedChannel> {
  const { signal, connect } = request;
  const isSecure = request.tls !== undefined;
  const connecting = connect(signal);
  let tls: ConnectionOptions = {};
  try {
    // While the connection is made.
    if (isSecure) tls = prepareTls(request.tls);
  } catch (error) {
    connecting.then((stream) => stream.destroy()).catch(() => {});
    throw error;
  }
  const stream = await connecting;
  const mux = request.multiplex ? (await import("@tenon/wire/broker-mux")).createMux(stream, "client") : undefined;
  const first = mux === undefined ? stream : await mux.session.open();
  const guard = (plain: Duplex, given: AbortSignal) => (isSecure ? secure(plain, tls, given) : plain);
  // The same plugin, with the same certificates: a session is not over because HTTP/2 has no more stream identifiers.
  const renew = async (given: AbortSignal) => guard(await connect(given), given);
  const channel = createChannel(await guard(first, signal), {
    authority: "localhost",
    ...request.channel,
    interceptors: request.interceptors,
    // The plugin takes the first stream of a connection that carries everything for its channel, and no other.
    ...(mux === undefined && request.isRenewable ? { renew } : {}),
    explainLoss: async (reason) => {
      const cause = await request.explainLoss();
      const violation = findViolation(reason);
      return { message: violation === undefined ? cause.message : `${violation}; ${cause.message}`, cause };
    },
  });
  try {
    await channel.ping({ signal });
    void channel.closed.then(() => mux?.session.destroy());
    return { channel, mux };
  } catch (cause) {
    channel.destroy();
    mux?.session.destroy();
    signal.throwIfAborted();
    if (isSecure) throw tlsFailed("the plugin did not accept the TLS connection", cause);
    throw new TenonError("connect-failed", `what answers at ${request.place} does not speak gRPC over HTTP/2`, {
      cause,
    });
  }
}
