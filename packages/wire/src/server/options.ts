import type { ConnectError, Interceptor } from "@connectrpc/connect";
import type { Compression } from "../grpc/compression.js";

/** Options of a server. Each has a default. */
export interface ServerOptions {
  /** Largest message that is accepted, in bytes; a larger one fails its call with RESOURCE_EXHAUSTED. Default 2^31-1; go-plugin's stock server has 4 MiB. */
  readonly maxReceiveMessageBytes?: number;
  /** Largest message that is sent, in bytes; a larger one fails its call with RESOURCE_EXHAUSTED. Default 2^31-1. */
  readonly maxSendMessageBytes?: number;
  /** Calls that one connection may have open at once; more are refused with REFUSED_STREAM. Default 10000. */
  readonly maxConcurrentStreams?: number;
  /** Flow-control window of each stream in bytes, from 65535: what it begins with. On one machine it yields to other calls. Default 1 MiB. */
  readonly streamWindowBytes?: number;
  /**
   * How far the window of a stream may grow where the round trip makes it the limit, in bytes; all streams of a connection
   * together grow by `connectionWindowBytes` at most. Default 16 MiB; `streamWindowBytes`: not at all.
   */
  readonly maxStreamWindowBytes?: number;
  /** Flow-control window of each connection in bytes, from 65535. Default 16 MiB. */
  readonly connectionWindowBytes?: number;
  /** Largest header list of a request in bytes. Default 64 KiB. */
  readonly maxHeaderListBytes?: number;
  /** How long a new connection may take for its preface, in milliseconds. Default 10000. */
  readonly prefaceTimeoutMs?: number;
  /**
   * A PING goes to a client from which nothing came for so many milliseconds, to find one that is gone without a sign.
   * Default none; grpc-go's `keepalive.ServerParameters.Time`, 2 hours.
   */
  readonly keepaliveTimeMs?: number;
  /** The connection is lost when nothing comes within so many milliseconds after that PING. Default 20000, as grpc-go. */
  readonly keepaliveTimeoutMs?: number;
  /**
   * A client that sends PINGs more often than every so many milliseconds, more than twice, gets GOAWAY
   * ENHANCE_YOUR_CALM with "too_many_pings". Default 0: any are tolerated; grpc-go's
   * `keepalive.EnforcementPolicy.MinTime`, 5 minutes.
   */
  readonly minKeepaliveTimeMs?: number;
  /**
   * How long a client may pause within a message, within a request that has only one, or within a frame, in
   * milliseconds; 0: for ever. The call ends with DEADLINE_EXCEEDED, within a frame the connection ends; it may take
   * up to twice as long. A stream that rests between two messages is never ended. Default 120000.
   */
  readonly requestIdleTimeoutMs?: number;
  /**
   * Frames that move no call on (PING, SETTINGS, PRIORITY, empty DATA, tiny WINDOW_UPDATE, unknown types) that a client
   * may send in a second, beyond one for each frame of a call; more end its connection with ENHANCE_YOUR_CALM. A SETTINGS
   * frame counts ten times. Default 20000.
   */
  readonly maxControlFramesPerSecond?: number;
  /**
   * Calls that a client may reset, or make the server reset, in a second, beyond one for each call that ended well;
   * more end its connection with ENHANCE_YOUR_CALM. Default 1000.
   */
  readonly maxResetsPerSecond?: number;
  /** How answers are sent to clients that accept it. Default `identity`: a pipe on one machine is faster than gzip. */
  readonly sendCompression?: Compression;
  /** Answers below this size in bytes are sent as they are. Default 1024. */
  readonly minCompressBytes?: number;
  /** What calls of a service that is not there fail with. Default: UNIMPLEMENTED, with the services that are. */
  readonly unknownService?: (typeName: string) => ConnectError;
  /** Connect-ES interceptors, the first one outermost. Default none; without any, calls take a shorter path. */
  readonly interceptors?: readonly Interceptor[];
}
