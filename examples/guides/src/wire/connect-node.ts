import { createServer, type Http2Server } from "node:http2";
import { type Client, createClient } from "@connectrpc/connect";
import { connectNodeAdapter, createGrpcTransport } from "@connectrpc/connect-node";
import { Words } from "../gen/guide/v1/words_pb.js";
import { implementation } from "./server.js";

/** The same with @connectrpc/connect-node: what the guide starts from, and a peer for the tests. */
export function connectNodeClient(port: number): Client<typeof Words> {
  const transport = createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}` });
  const client = createClient(Words, transport);
  return client;
}

export function connectNodeServer(port: number): Http2Server {
  const handler = connectNodeAdapter({ routes: (router) => router.service(Words, implementation) });
  const listener = createServer(handler).listen(port);
  return listener;
}
