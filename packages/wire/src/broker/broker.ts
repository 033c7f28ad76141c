import type { ChannelOptions } from "../client/options.js";
import type { Channel } from "../client/channel.js";
import type { ServerOptions } from "../server/options.js";
import type { Server } from "../server/server.js";

/** How {@link Broker.serve} serves. */
export interface BrokerServeOptions {
  /** The id under which the other side dials: 0 to 4294967295, and not served already. Default: `nextId()`. */
  readonly id?: number;
  /** Limits and interceptors of the gRPC server, over those that the broker was made with. */
  readonly server?: ServerOptions;
}

/** Services that the other side can reach by an id. */
export interface BrokeredServer extends AsyncDisposable {
  /** What the other side dials: pass it on in a message of yours. */
  readonly id: number;
  /** Resolves when its listener, socket and connections are gone; never rejects. */
  readonly closed: Promise<void>;
  /** Takes no new connection and no new call, waits up to `graceMs` (default 5000) for those in flight, ends. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

/** How {@link Broker.dial} dials. */
export interface BrokerDialOptions {
  /**
   * How long all of it may take, in milliseconds: waiting for the other side to serve the id, connecting, TLS and the
   * first answer. Default: the broker's, 5000. go-plugin: 5 s for the first part.
   */
  readonly timeoutMs?: number;
  /** Ends the attempt; its reason is thrown. */
  readonly signal?: AbortSignal;
  /** Limits and interceptors of the channel. */
  readonly channel?: Omit<ChannelOptions, "explainLoss">;
}

/**
 * Opens further channels between the two ends of a connection, in either direction, each found by an id that one side
 * tells the other in a message of its own. It lives as long as the connection. go-plugin: `GRPCBroker`.
 */
export interface Broker {
  /**
   * Serves gRPC services to whoever dials the id. `register` adds them to the new server. Resolves when the other side
   * can dial. go-plugin: `AcceptAndServe`.
   *
   * Rejects with a TenonError `broker-closed`, `listen-failed`, `socket-path-too-long`, or `option-invalid` for an id
   * that is none or taken; with what `register` throws.
   */
  serve(register: (server: Server) => void, options?: BrokerServeOptions): Promise<BrokeredServer>;
  /**
   * Connects to the services that the other side serves under an id, which may still be about to do so. Resolves when they
   * have answered; the channel is the caller's to close. Where every channel has a socket of its own an id can be dialled
   * once for each time it is served: keep the channel. go-plugin: `Dial`.
   *
   * Rejects with a TenonError `broker-timeout`, `broker-refused`, `broker-closed`, `connect-failed`, `tls-failed`,
   * `address-invalid`, or `option-invalid`; when `signal` aborts, with its reason.
   */
  dial(id: number, options?: BrokerDialOptions): Promise<Channel>;
  /** An id that this side does not serve and has not given out before: 1, 2, 3… The other side counts for itself. */
  nextId(): number;
}
