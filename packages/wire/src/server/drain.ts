import { ErrorCode, FrameType, maxWindow } from "../http2/constants.js";
import type { Output } from "../http2/output.js";
import { formatGoaway } from "../http2/payloads.js";
import type { Pings } from "../http2/pings.js";

/** So long a draining server waits at most for what is on its way: for the answer to its PING, or for a client's first bytes. */
export const drainMs = 1000;

/** What a drain needs of its connection. */
export interface DrainHome {
  readonly output: Output;
  readonly pings: Pings;
  drain(): void;
}

/**
 * The end of a connection that loses no call (RFC 9113 §6.8): a GOAWAY that names the highest identifier stops the client,
 * and what it had sent before is still accepted. When the answer to a PING has come, everything has: then comes the GOAWAY
 * that counts.
 */
export class Drain {
  readonly #home: DrainHome;
  readonly #timer: NodeJS.Timeout;

  constructor(home: DrainHome) {
    this.#home = home;
    home.output.frame(FrameType.goaway, 0, 0, formatGoaway(maxWindow, ErrorCode.noError, ""));
    this.#timer = setTimeout(() => this.#finish(), drainMs);
    const finish = () => this.#finish();
    home.pings.ping().then(finish, finish);
  }

  /** The connection has ended. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #finish(): void {
    this.stop();
    this.#home.drain();
  }
}
