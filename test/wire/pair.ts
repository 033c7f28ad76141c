import { type Client, createClient, type ServiceImpl } from "@connectrpc/connect";
import { createDuplexPair } from "@tenon/testkit";
import {
  type Channel,
  type ChannelOptions,
  createChannel,
  createServer,
  type Server,
  type ServerOptions,
} from "@tenon/wire";
import type { Duplex } from "node:stream";
import { Echo } from "../gen/tenon/test/v1/echo_pb.js";

/** A client and a server of Echo on a memory pair. */
export interface EchoPair {
  readonly client: Client<typeof Echo>;
  readonly channel: Channel;
  readonly server: Server;
  /** The byte streams under them. */
  readonly ends: readonly [client: Duplex, server: Duplex];
}

export function connectEcho(
  service: Partial<ServiceImpl<typeof Echo>>,
  options: { channel?: ChannelOptions; server?: ServerOptions; highWaterMarkBytes?: number } = {},
): EchoPair {
  const { highWaterMarkBytes } = options;
  const ends = createDuplexPair(highWaterMarkBytes === undefined ? {} : { highWaterMarkBytes });
  const server = createServer(options.server).add(Echo, service);
  server.accept(ends[1]);
  const channel = createChannel(ends[0], options.channel);
  return { client: createClient(Echo, channel.transport), channel, server, ends };
}

export async function closeEcho({ channel, server }: EchoPair): Promise<void> {
  channel.destroy();
  server.destroy();
  await channel.closed;
}
