import type { Duplex } from "node:stream";
import { invalidOption } from "../options/check.js";
import { checkDialOptions } from "../options/ranges.js";
import type { DialedChannel } from "./dialed-channel.js";
import type { DialOptions } from "./options.js";
import { ReconnectingChannel } from "./reconnecting-channel.js";

/**
 * A gRPC channel as client, on byte streams that `connect` makes: the first call makes the first connection, and a call
 * that finds none makes the next. `connect` may give a socket that is still connecting; its signal aborts when the attempt
 * is over before the server has answered. The channel owns the byte streams and ends them.
 *
 * No call is lost to a server that goes away properly: calls that it never looked at are sent again, those that it has
 * accepted end on the old connection. A call that was sent and not answered when its connection was lost fails with
 * UNAVAILABLE, because the server may have run it.
 *
 * @throws {@link TenonError} `option-invalid`
 */
export function dial(
  connect: (signal: AbortSignal) => Promise<Duplex> | Duplex,
  options: DialOptions = {},
): DialedChannel {
  if (typeof connect !== "function") throw invalidOption("connect", connect, "a function");
  checkDialOptions(options);
  return new ReconnectingChannel(connect, options);
}
