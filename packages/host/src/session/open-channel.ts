import type { X509Certificate } from "node:crypto";
import type { Duplex } from "node:stream";
import type { ConnectionOptions } from "node:tls";
import type { Interceptor } from "@connectrpc/connect";
import { TenonError } from "@tenon/core";
import { type Certificate, type Channel, createChannel, pinnedTls } from "@tenon/wire";
import type { Handshake } from "../handshake/check-handshake.js";
import type { Mux } from "@tenon/wire/broker-mux";
import { dial, formatAddress } from "./dial.js";
import type { ChannelSettings } from "./channel-settings.js";
import { secure, tlsFailed } from "./secure.js";

/** What is needed to reach a plugin. */
export interface ChannelRequest {
  readonly handshake: Handshake;
  /** Our certificate; present exactly where the handshake has the plugin's. */
  readonly certificate: Certificate | undefined;
  readonly connectTimeoutMs: number;
  readonly interceptors: readonly Interceptor[];
  /** TLS with the application's certificates, in place of ours. */
  readonly tls: ConnectionOptions | undefined;
  readonly channel: ChannelSettings;
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
  readonly tls: ConnectionOptions | undefined;
}

/**
 * Opens the channel to a plugin and waits for one answered HTTP/2 PING. That answer is the proof that the plugin accepted
 * our certificate and that an HTTP/2 server is there; the end of the TLS handshake proves neither.
 *
 * @throws {@link TenonError} `connect-failed` or `tls-failed`; the signal's reason when it aborts
 */
export async function openChannel(request: ChannelRequest): Promise<OpenedChannel> {
  const { handshake, certificate, signal } = request;
  const socket = await dial(handshake.address, request.connectTimeoutMs, signal);
  const peer: X509Certificate | undefined = handshake.certificate;
  const pinned = peer === undefined || certificate === undefined ? undefined : pinnedTls(certificate, peer.raw);
  const tls = request.tls ?? pinned;
  const isSecure = tls !== undefined;
  const mux = request.multiplex ? (await import("@tenon/wire/broker-mux")).createMux(socket, "client") : undefined;
  const first = mux === undefined ? socket : await mux.session.open();
  const guard = (plain: Duplex, given: AbortSignal) => (isSecure ? secure(plain, tls, given) : plain);
  // The same plugin, with the same certificates: a session is not over because HTTP/2 has no more stream identifiers.
  const renew = async (given: AbortSignal) =>
    guard(await dial(handshake.address, request.connectTimeoutMs, given), given);
  const channel = createChannel(await guard(first, signal), {
    authority: "localhost",
    ...request.channel,
    interceptors: request.interceptors,
    // The plugin takes the first stream of a connection that carries everything for its channel, and no other.
    ...(mux === undefined ? { renew } : {}),
    explainLoss: async () => {
      const cause = await request.explainLoss();
      return { message: cause.message, cause };
    },
  });
  try {
    await channel.ping({ signal });
    void channel.closed.then(() => mux?.session.destroy());
    return { channel, mux, tls };
  } catch (cause) {
    channel.destroy();
    mux?.session.destroy();
    signal.throwIfAborted();
    if (isSecure) throw tlsFailed("the plugin did not accept the TLS connection", cause);
    throw new TenonError(
      "connect-failed",
      `what answers at the plugin's address ${formatAddress(handshake.address)} does not speak gRPC over HTTP/2`,
      { cause },
    );
  }
}
