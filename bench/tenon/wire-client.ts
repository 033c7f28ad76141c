// Our end of the group wire that calls: the engine alone, as many connections as are asked for.
import { once } from "node:events";
import { connect } from "node:net";
import { createClient } from "@connectrpc/connect";
import { type Channel, createChannel } from "@tenon/wire";
import { Load } from "../gen/load_pb.js";
import { serveLoad } from "../lib/load-client.js";
import { startServer } from "../lib/server-process.js";

const server = await startServer(import.meta.url, "wire-server.js");
const channels: Channel[] = [];

async function dial() {
  const socket = connect(server.path);
  await once(socket, "connect");
  const channel = createChannel(socket);
  channels.push(channel);
  return createClient(Load, channel.transport);
}

await serveLoad({ pid: process.pid, serverPid: server.pid }, await dial(), dial);
for (const channel of channels) channel.destroy();
await server.stop();
