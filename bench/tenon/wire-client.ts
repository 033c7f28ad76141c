// Our end of the group wire that calls: the engine alone, as many connections as are asked for.
import { once } from "node:events";
import { type Channel, connectSocket, createChannel, createClient } from "@tenon/wire";
import { Load } from "../gen/load_pb.js";
import { serveLoad } from "../lib/load-client.js";
import { startServer } from "../lib/server-process.js";

const server = await startServer(import.meta.url, "wire-server.js");
const channels: Channel[] = [];

async function dial() {
  const socket = connectSocket({ path: server.path });
  await once(socket, "connect");
  const channel = createChannel(socket);
  channels.push(channel);
  return createClient(Load, channel.transport);
}

await serveLoad({ pid: process.pid, serverPid: server.pid }, await dial(), dial);
for (const channel of channels) channel.destroy();
await server.stop();
