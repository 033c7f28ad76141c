import { once } from "node:events";
import { describe } from "node:test";
import { createClient } from "@connectrpc/connect";
import { createDuplexPair, type StreamEnds, streamCompliance } from "@tenon/testkit";
import { createChannel, createServer, streamFromMessages } from "@tenon/wire";
import { createYamuxSession, type YamuxStream } from "@tenon/wire/yamux";
import type { Duplex } from "node:stream";
import { Echo } from "../../gen/tenon/test/v1/echo_pb.js";

async function inMemory(): Promise<StreamEnds> {
  const [client, server] = createDuplexPair();
  return { client, server, close: async () => {} };
}

async function overYamux(): Promise<StreamEnds> {
  const [near, far] = createDuplexPair();
  let taken!: (stream: YamuxStream) => void;
  const accepted = new Promise<YamuxStream>((resolve) => (taken = resolve));
  const outer = createYamuxSession(near, { role: "client" });
  const inner = createYamuxSession(far, { role: "server", onStream: taken });
  const client = await outer.open();
  const server = await accepted;
  return {
    client,
    server,
    async close() {
      client.destroy();
      server.destroy();
      await Promise.all([outer.close(), inner.close()]);
    },
  };
}

/** The messages of Echo that carry bytes, and the bytes in them. */
async function* pack(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<{ chunks: Uint8Array[] }> {
  for await (const chunk of bytes) yield { chunks: [chunk] };
}
async function* unpack(messages: AsyncIterable<{ chunks: Uint8Array[] }>): AsyncGenerator<Uint8Array> {
  for await (const { chunks } of messages) yield* chunks;
}

/** One bidirectional call of a connection whose bytes are another connection. */
async function insideACall(): Promise<StreamEnds> {
  const [near, far] = createDuplexPair();
  let taken!: (stream: Duplex) => void;
  const accepted = new Promise<Duplex>((resolve) => (taken = resolve));
  const outerServer = createServer().add(Echo, {
    bidi(requests, { signal }) {
      const { duplex, outgoing } = streamFromMessages(unpack(requests), { signal });
      taken(duplex);
      return pack(outgoing);
    },
  });
  outerServer.accept(far);
  const outerChannel = createChannel(near);
  const outer = createClient(Echo, outerChannel.transport);
  const { duplex: client } = streamFromMessages((outgoing, signal) => unpack(outer.bidi(pack(outgoing), { signal })));
  const server = await accepted;
  return {
    client,
    server,
    async close() {
      for (const end of [client, server]) {
        if (end.destroyed) continue;
        end.on("error", () => {});
        const closed = once(end, "close");
        end.destroy();
        await closed;
      }
      await outerChannel.close();
      await outerServer.close();
    },
  };
}

describe("gRPC over what is no socket [WIRE-47]", () => {
  streamCompliance("a pair in memory", inMemory);
  streamCompliance("a yamux stream", overYamux);
  streamCompliance("a bidirectional call of another gRPC connection", insideACall);
});
