import type { X509Certificate } from "node:crypto";
import type { Interceptor } from "@connectrpc/connect";
import { TenonError } from "@tenon/core";
import { type Certificate, type Channel, createChannel } from "@tenon/wire";
import type { Handshake } from "../handshake/check-handshake.js";
import { dial, formatAddress } from "./dial.js";
import { secure, tlsFailed } from "./secure.js";

/** What is needed to reach a plugin. */
export interface ChannelRequest {
  readonly handshake: Handshake;
  /** Our certificate; present exactly where the handshake has the plugin's. */
  readonly certificate: Certificate | undefined;
  readonly connectTimeoutMs: number;
  readonly interceptors: readonly Interceptor[];
  /** Says why the connection was lost; asked at most once. */
  readonly explainLoss: () => Promise<Error>;
  /** Ends the attempt; its reason is thrown. */
  readonly signal: AbortSignal;
}

/**
 * Opens the channel to a plugin and waits for one answered HTTP/2 PING. That answer is the proof that the plugin accepted
 * our certificate and that an HTTP/2 server is there; the end of the TLS handshake proves neither.
 *
 * @throws {@link TenonError} `connect-failed` or `tls-failed`; the signal's reason when it aborts
 */
export async function openChannel(request: ChannelRequest): Promise<Channel> {
  const { handshake, certificate, signal } = request;
  const socket = await dial(handshake.address, request.connectTimeoutMs, signal);
  const peer: X509Certificate | undefined = handshake.certificate;
  const isSecure = peer !== undefined && certificate !== undefined;
  const stream = isSecure ? await secure(socket, certificate, peer, signal) : socket;
  const channel = createChannel(stream, {
    authority: "localhost",
    interceptors: request.interceptors,
    explainLoss: async () => {
      const cause = await request.explainLoss();
      return { message: cause.message, cause };
    },
  });
  try {
    await channel.ping({ signal });
    return channel;
  } catch (cause) {
    channel.destroy();
    signal.throwIfAborted();
    if (isSecure) throw tlsFailed("the plugin did not accept the TLS connection", cause);
    throw new TenonError(
      "connect-failed",
      `what answers at the plugin's address ${formatAddress(handshake.address)} does not speak gRPC over HTTP/2`,
      { cause },
    );
  }
}
