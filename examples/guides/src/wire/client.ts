import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { type Client, createClient } from "@connectrpc/connect";
import { type DialedChannel, dial } from "@tenon/wire";
import { Words } from "../gen/guide/v1/words_pb.js";

/** A client, and the channel to close when it is needed no more. */
export interface Dialed {
  readonly channel: DialedChannel;
  readonly client: Client<typeof Words>;
}

export function dialTcp(port: number): Dialed {
  const channel = dial(() => connect(port, "127.0.0.1"));
  const client = createClient(Words, channel.transport);
  return { channel, client };
}

export function dialTls(port: number, ca: string): Dialed {
  const channel = dial(() => connectTls({ port, host: "localhost", ca, ALPNProtocols: ["h2"] }));
  const client = createClient(Words, channel.transport);
  return { channel, client };
}

export function dialUnix(path: string): Dialed {
  const channel = dial(() => connect(path), { initialBackoffMs: 20, maxBackoffMs: 1000 });
  const client = createClient(Words, channel.transport);
  return { channel, client };
}
