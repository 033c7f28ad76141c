import type { Duplex } from "node:stream";
import type { Interceptor } from "@connectrpc/connect";
import type { Compression } from "../grpc/compression.js";
import type { CloseReason } from "../http2/close-reason.js";

/** Options of a channel. Each has a default. */
export interface ChannelOptions {
  /** The `:authority` of every call. Default `localhost`, which every gRPC server accepts. */
  readonly authority?: string;
  /**
   * Metadata of every call, which no call can set itself. It is encoded once for each connection and method, so that it costs a call next to
   * nothing. Default none.
   */
  readonly fixedMetadata?: Readonly<Record<string, string>>;
  /** Connect-ES interceptors, the first one outermost. Default none; without any, calls take a shorter path. */
  readonly interceptors?: readonly Interceptor[];
  /** Largest message that is accepted, in bytes; a larger one fails its call with RESOURCE_EXHAUSTED. Default 2^31-1, as go-plugin's hosts. */
  readonly maxReceiveMessageBytes?: number;
  /** Largest message that is sent, in bytes; a larger one fails its call with RESOURCE_EXHAUSTED. Default 2^31-1. */
  readonly maxSendMessageBytes?: number;
  /** Deadline in milliseconds of unary calls that name none. Default none. */
  readonly defaultTimeoutMs?: number;
  /** Flow-control window of each stream in bytes, from 65535: what it begins with. On one machine it yields to other calls. Default 1 MiB. */
  readonly streamWindowBytes?: number;
  /**
   * How far the window of a stream may grow where the round trip makes it the limit, in bytes; all streams of a connection
   * together grow by `connectionWindowBytes` at most. Default 16 MiB; `streamWindowBytes`: not at all.
   */
  readonly maxStreamWindowBytes?: number;
  /** Flow-control window of the connection in bytes, from 65535. Default 16 MiB. */
  readonly connectionWindowBytes?: number;
  /** Largest header list of an answer in bytes. Default 64 KiB. */
  readonly maxHeaderListBytes?: number;
  /** Calls that may wait while the server's limit of concurrent streams is reached; more fail with RESOURCE_EXHAUSTED. Default 100000. */
  readonly maxQueuedCalls?: number;
  /**
   * Asked for the next byte stream to the same server when a connection has carried `maxCallsPerConnection`: more calls
   * wait for it, those in flight end on the old one. Its signal aborts when it is not needed any more, at the latest after
   * 20 s. When it fails, the calls that wait fail with UNAVAILABLE, and the next call asks again while the old connection
   * lives. Not for lost connections. `dial` needs none.
   */
  readonly renew?: (signal: AbortSignal) => Promise<Duplex> | Duplex;
  /**
   * Calls that one connection carries in its life; with the last one it goes away gently, and without `renew` (or `dial`)
   * more calls fail with UNAVAILABLE. Default 2^30: HTTP/2 has no more stream identifiers.
   */
  readonly maxCallsPerConnection?: number;
  /** How requests are sent. Default `identity`: a pipe on one machine is faster than gzip. `callCompression` decides for one call. */
  readonly sendCompression?: Compression;
  /** Requests below this size in bytes are sent as they are. Default 1024. */
  readonly minCompressBytes?: number;
  /**
   * Frames that move no call on (PING, SETTINGS, empty DATA, tiny WINDOW_UPDATE, unknown types) that the server may send
   * in a second, beyond one for each frame of a call; more end the connection with ENHANCE_YOUR_CALM. A SETTINGS frame
   * counts ten times. Default 20000.
   */
  readonly maxControlFramesPerSecond?: number;
  /**
   * A PING goes out when nothing came from the server for so many milliseconds, to find a link that is dead without a
   * sign. The server must allow it: many end connections with more than one PING in 5 minutes. Default none; grpc-go's
   * `keepalive.ClientParameters.Time`.
   */
  readonly keepaliveTimeMs?: number;
  /** The connection is lost when nothing comes within so many milliseconds after that PING. Default 20000, as grpc-go. */
  readonly keepaliveTimeoutMs?: number;
  /** Whether PINGs also go out while there are no calls. Default false; grpc-go's `PermitWithoutStream`. */
  readonly keepaliveWithoutCalls?: boolean;
  /**
   * Asked once when a connection is lost, or cannot be made; the calls that this fails fail with UNAVAILABLE when it has
   * answered, with its message and its cause. For owners who know more about the end of the peer than a byte stream tells.
   */
  readonly explainLoss?: (reason: CloseReason) => Promise<{ message: string; cause?: unknown }>;
}
