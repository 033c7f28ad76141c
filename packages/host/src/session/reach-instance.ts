import type { ConnectionOptions } from "node:tls";
import { type Certificate, type CloseReason, interceptTransport, pinnedTls } from "@tenon/wire";
import type { Mux } from "@tenon/wire/broker-mux";
import type { Handshake } from "../handshake/check-handshake.js";
import type { Instance } from "../instance/instance.js";
import type { InstanceChannel, Reach } from "../launch/launcher.js";
import type { ParsedStartOptions } from "../start-options.js";
import { dial, formatAddress } from "./dial.js";
import type { ChannelSettings } from "./channel-settings.js";
import { openChannel } from "./open-channel.js";
import { findViolation } from "./violation.js";

/** What every way to an instance needs. */
export interface ReachRequest {
  readonly instance: Instance;
  readonly options: Pick<ParsedStartOptions, "connectTimeoutMs" | "interceptors" | "tls" | "channel">;
  /** What every call of the session says of its caller. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Ends the attempt; its reason is thrown. */
  readonly signal: AbortSignal;
}

/** A channel to an instance, and what brokered ones need of it. */
export interface Reached {
  readonly channel: InstanceChannel;
  readonly mux: Mux | undefined;
  readonly tls: ConnectionOptions | undefined;
}

/**
 * Connects to the address of a handshake.
 *
 * @param certificate - ours; present exactly where the handshake has the plugin's
 * @throws {@link TenonError} `connect-failed`, `tls-failed`; the signal's reason
 */
export async function reachByHandshake(
  handshake: Handshake,
  certificate: Certificate | undefined,
  { instance, options, metadata, signal }: ReachRequest,
): Promise<Reached> {
  const peer = handshake.certificate;
  const pinned = peer === undefined || certificate === undefined ? undefined : pinnedTls(certificate, peer);
  const tls = options.tls ?? pinned;
  const { channel, mux } = await openChannel({
    connect: (given) => dial(handshake.address, options.connectTimeoutMs, given),
    place: `the plugin's address ${formatAddress(handshake.address)}`,
    isRenewable: true,
    interceptors: options.interceptors,
    tls,
    channel: { ...options.channel, fixedMetadata: metadata },
    multiplex: handshake.multiplex,
    explainLoss: () => instance.explainLoss(),
    signal,
  });
  return { channel, mux, tls };
}

/** Takes what a launcher reaches its instance by. @throws {@link TenonError} `connect-failed`; the signal's reason */
export async function reachByLauncher(
  reach: Reach,
  { instance, options, metadata, signal }: ReachRequest,
): Promise<Reached> {
  if (reach.kind === "channel") {
    noteViolation(instance, reach.channel.closed);
    return { channel: dressed(reach.channel, options), mux: undefined, tls: undefined };
  }
  const { channel, mux } = await openChannel({
    connect: async () => reach.stream,
    place: "the other end of the plugin's byte stream",
    isRenewable: false,
    interceptors: options.interceptors,
    tls: undefined,
    channel: {
      ...(instance.process?.pid === undefined ? withoutKeepalive(options) : options.channel),
      fixedMetadata: metadata,
    },
    multiplex: reach.multiplex,
    explainLoss: () => instance.explainLoss(),
    signal,
  });
  noteViolation(instance, channel.closed);
  return { channel, mux, tls: undefined };
}

/** The end of the process comes right behind, and says nothing of this. */
function noteViolation({ log }: Instance, closed: Promise<CloseReason>): void {
  void closed.then((reason) => {
    const violation = findViolation(reason);
    if (violation === undefined) return;
    log.note(
      "error",
      `${violation}. Something may have written to the plugin's byte stream besides its channel, such as a print to descriptor 1`,
    );
  });
}

/** What lives in this process cannot be lost without notice, and may well be too busy to answer a PING. */
function withoutKeepalive({ channel }: ReachRequest["options"]): ChannelSettings {
  const { keepaliveTimeMs: _, ...settings } = channel;
  return settings;
}

/** What a channel of the engine is told by its options: interceptors, and the deadline of calls that name none. */
function dressed(
  channel: InstanceChannel,
  { interceptors, channel: settings }: ReachRequest["options"],
): InstanceChannel {
  const { authority = "localhost", defaultTimeoutMs } = settings;
  if (interceptors.length === 0 && defaultTimeoutMs === undefined) return channel;
  const bare = channel.transport;
  const timed: InstanceChannel["transport"] = {
    unary: (method, signal, timeoutMs, ...rest) => bare.unary(method, signal, timeoutMs ?? defaultTimeoutMs, ...rest),
    stream: (method, signal, timeoutMs, ...rest) => bare.stream(method, signal, timeoutMs ?? defaultTimeoutMs, ...rest),
  };
  const transport = interceptors.length === 0 ? timed : interceptTransport(timed, interceptors, authority);
  return {
    transport,
    closed: channel.closed,
    get inFlight() {
      return channel.inFlight ?? 0;
    },
    ping: (options) => channel.ping(options),
    destroy: (cause) => channel.destroy(cause),
  };
}
