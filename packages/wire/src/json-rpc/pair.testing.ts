import type { Duplex } from "node:stream";
import { createClient } from "../client/create-client.js";
import { createDuplexPair } from "@tenon/testkit";
import type { Client, ServiceImpl } from "@connectrpc/connect";
import type { DescService } from "@bufbuild/protobuf";
import { createJsonRpcChannel, type JsonRpcChannel } from "./channel.js";
import { greeter } from "./greeter.testing.js";
import type { JsonRpcChannelOptions, JsonRpcServerOptions } from "./options.js";
import { type JsonRpcServer, serveJsonRpc } from "./server.js";

/** A client of any service, whose messages are as loose as its descriptor. */
export type LooseClient = Record<string, (request: object, options?: object) => Promise<Record<string, unknown>>>;

/** A channel with a client of the greeter, and the other end of its stream for a test to speak on. */
export interface RawServer {
  readonly channel: JsonRpcChannel;
  readonly client: LooseClient;
  readonly peer: Duplex;
  /** The lines that the channel has written so far. */
  readonly lines: string[];
  readonly answer: (answer: object | string) => void;
}

/** A client's end before a server that is the test itself. */
export function rawServer(options: JsonRpcChannelOptions = {}): RawServer {
  const [near, peer] = createDuplexPair();
  const lines: string[] = [];
  let rest = "";
  peer.setEncoding("utf8");
  peer.on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    lines.push(...parts);
  });
  peer.on("error", () => {});
  const channel = createJsonRpcChannel(near, options);
  const client = createClient(greeter, channel.transport) as unknown as LooseClient;
  return {
    channel,
    client,
    peer,
    lines,
    answer: (answer) => void peer.write(typeof answer === "string" ? answer : JSON.stringify(answer)),
  };
}

/** A server's end before a client that is the test itself. */
export function rawClient(implementation: object, options: JsonRpcServerOptions = {}, service: DescService = greeter) {
  const [near, peer] = createDuplexPair();
  const server = serveJsonRpc(near, [{ service, implementation: implementation }], options);
  const waiting: ((line: string | undefined) => void)[] = [];
  const lines: string[] = [];
  let rest = "";
  peer.setEncoding("utf8");
  peer.on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    for (const line of parts) (waiting.shift() ?? ((next) => lines.push(next!)))(line);
  });
  let hasEnded = false;
  peer.on("close", () => {
    hasEnded = true;
    for (const tell of waiting) tell(undefined);
  });
  peer.on("end", () => peer.end());
  peer.on("error", () => {});
  return {
    server,
    peer,
    send: (request: object | string) =>
      void peer.write(typeof request === "string" ? request : JSON.stringify(request)),
    /** The next line; undefined at the end. */
    next: (): Promise<string | undefined> => {
      const line = lines.shift();
      if (line === undefined && hasEnded) return Promise.resolve(undefined);
      return line === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(line);
    },
  };
}

/** Both ends of ours. */
export function bothEnds(
  implementation: object,
  options: JsonRpcChannelOptions & JsonRpcServerOptions = {},
): { channel: JsonRpcChannel; server: JsonRpcServer; client: LooseClient; greeter: Client<DescService> } {
  const [near, far] = createDuplexPair();
  const services = [{ service: greeter, implementation: implementation as Partial<ServiceImpl<DescService>> }];
  const server = serveJsonRpc(far, services, options);
  const channel = createJsonRpcChannel(near, options);
  const client = createClient(greeter, channel.transport);
  return { channel, server, client: client, greeter: client };
}
