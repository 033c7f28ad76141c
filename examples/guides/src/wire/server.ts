import { createServer as listen, type Server as Listener } from "node:net";
import { createServer as listenTls } from "node:tls";
import type { ServiceImpl } from "@connectrpc/connect";
import { createServer, type Server } from "@tenon/wire";
import { Words } from "../gen/guide/v1/words_pb.js";

export const implementation: ServiceImpl<typeof Words> = {
  count: ({ text }) => ({ words: text.split(" ").length }),
  async *split({ text }) {
    for (const word of text.split(" ")) yield { text: word };
  },
};

/** A server, and what listens for it. Closing goes in this order: the listener, then the server. */
export interface Listening {
  readonly server: Server;
  readonly listener: Listener;
}

/** On a TCP port or, given a path, on a unix socket. */
export function serve(at: number | string): Listening {
  const server = createServer().add(Words, implementation);
  const listener = listen((socket) => server.accept(socket)).listen(at);
  return { server, listener };
}

export function serveTls(port: number, cert: string, key: string): Listening {
  const server = createServer().add(Words, implementation);
  const listener = listenTls({ cert, key, ALPNProtocols: ["h2"] }, (socket) => server.accept(socket)).listen(port);
  return { server, listener };
}
