import type { Interceptor } from "@connectrpc/connect";
import type { CloseReason } from "../http2/connection.js";

/** Options of a channel. Each has a default. */
export interface ChannelOptions {
  /** The `:authority` of every call. Default `localhost`, which every gRPC server accepts. */
  readonly authority?: string;
  /** Connect-ES interceptors, the first one outermost. Default none; without any, calls take a shorter path. */
  readonly interceptors?: readonly Interceptor[];
  /** Largest message that is accepted, in bytes; a larger one fails its call with RESOURCE_EXHAUSTED. Default 2^31-1, as go-plugin's hosts. */
  readonly maxReceiveMessageBytes?: number;
  /** Largest message that is sent, in bytes; a larger one fails its call with RESOURCE_EXHAUSTED. Default 2^31-1. */
  readonly maxSendMessageBytes?: number;
  /** Deadline in milliseconds of unary calls that name none. Default none. */
  readonly defaultTimeoutMs?: number;
  /** Flow-control window of each stream in bytes, from 65535. Default 1 MiB. */
  readonly streamWindowBytes?: number;
  /** Flow-control window of the connection in bytes, from 65535. Default 16 MiB. */
  readonly connectionWindowBytes?: number;
  /** Largest header list of an answer in bytes. Default 64 KiB. */
  readonly maxHeaderListBytes?: number;
  /** Calls that may wait while the server's limit of concurrent streams is reached; more fail with RESOURCE_EXHAUSTED. Default 100000. */
  readonly maxQueuedCalls?: number;
  /**
   * Asked once when the connection is lost; the calls in flight fail with UNAVAILABLE when it has answered, with its
   * message and its cause. For owners who know more about the end of the peer than a byte stream tells.
   */
  readonly explainLoss?: (reason: CloseReason) => Promise<{ message: string; cause?: unknown }>;
}
