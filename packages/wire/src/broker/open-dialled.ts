import { TenonError } from "@tenon/core";
import { type Channel, createChannel } from "../client/channel.js";
import type { ChannelOptions } from "../client/options.js";
import type { Attempt, Paths } from "./paths.js";

/**
 * Reaches who serves an id and waits for one answered PING: only that proves that the other side took our certificate and
 * that an HTTP/2 server is there.
 *
 * @throws {@link TenonError} the codes of `Broker.dial`; the reason of the attempt's signal
 */
export async function openDialled(
  paths: Paths,
  attempt: Attempt,
  plugin: string,
  options: ChannelOptions | undefined,
): Promise<Channel> {
  const { id, signal } = attempt;
  const channel = createChannel(await paths.reach(attempt), options);
  attempt.stage = "a connection was made, but no HTTP/2 server answered on it";
  try {
    await channel.ping({ signal });
    return channel;
  } catch (cause) {
    channel.destroy();
    signal.throwIfAborted();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TenonError(
      "connect-failed",
      `Who answers under the broker id ${id} speaks no gRPC, or refused us: ${why}.`,
      {
        plugin,
        facts: { id },
        cause,
      },
    );
  }
}
