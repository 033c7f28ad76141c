import { once } from "node:events";
import { connect, createServer as createSocketServer, type Socket } from "node:net";
import { type Client, createClient } from "@connectrpc/connect";
import { createChannel, createServer } from "@tenon/wire";
import { echoService } from "../../fixtures/echo-service.js";
import { Echo, Ghost } from "../../gen/tenon/test/v1/echo_pb.js";

/** Our end of a connection to somebody's Echo service. */
export interface EchoClient {
  readonly client: Client<typeof Echo>;
  /** Calls a service that the peer does not have. */
  unknown(): Promise<unknown>;
  /** Round trip of a PING in milliseconds. */
  ping(): Promise<number>;
  close(): Promise<unknown>;
}

/** Opens a channel to whatever serves Echo at this unix socket. */
export async function dialEcho(path: string): Promise<EchoClient> {
  const socket = connect(path);
  await once(socket, "connect");
  const channel = createChannel(socket);
  return {
    client: createClient(Echo, channel.transport),
    unknown: () => createClient(Ghost, channel.transport).call({}),
    ping: () => channel.ping(),
    close: () => channel.close(),
  };
}

/** Serves Echo with our engine at this unix socket until closed. */
export async function serveEcho(path: string): Promise<{ close(): Promise<void> }> {
  const server = createServer().add(Echo, echoService);
  const sockets = new Set<Socket>();
  const listener = createSocketServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    server.accept(socket);
  });
  listener.listen(path);
  await once(listener, "listening");
  return {
    close: async () => {
      await server.close({ graceMs: 200 });
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
