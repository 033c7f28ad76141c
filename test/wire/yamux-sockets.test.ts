import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createListener, type Socket } from "node:net";
import { describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { streamCompliance } from "@tenon/testkit";
import { connectSocket, createChannel, createServer } from "@tenon/wire";
import { createYamuxSession, type YamuxSession, type YamuxStream } from "@tenon/wire/yamux";
import { echoService } from "../fixtures/echo-service.js";
import { Echo } from "../gen/tenon/test/v1/echo_pb.js";
import { temporaryDirectory } from "./transports/listening.js";

interface Sessions {
  readonly client: YamuxSession;
  readonly server: YamuxSession;
  close(): Promise<void>;
}

/** Sessions on a unix socket whose client reads into memory that is used again. */
async function connectSessions(onStream: (stream: YamuxStream) => void): Promise<Sessions> {
  const directory = temporaryDirectory();
  const listener = createListener();
  await once(listener.listen(`${directory.path}/s`), "listening");
  const accepted = once(listener, "connection") as Promise<[Socket]>;
  const near = connectSocket({ path: `${directory.path}/s` });
  await once(near, "connect");
  const [far] = await accepted;
  const client = createYamuxSession(near, { role: "client" });
  const server = createYamuxSession(far, { role: "server", onStream });
  return {
    client,
    server,
    async close() {
      await Promise.all([client.close({ graceMs: 100 }), server.close({ graceMs: 100 })]);
      const closed = once(listener, "close");
      listener.close();
      for (const socket of [near, far]) socket.destroy();
      await closed;
      directory.remove();
    },
  };
}

describe("gRPC on yamux streams of a socket [WIRE-47]", () => {
  streamCompliance("a yamux stream on a unix socket", async () => {
    let taken!: (stream: YamuxStream) => void;
    const accepted = new Promise<YamuxStream>((resolve) => (taken = resolve));
    const sessions = await connectSessions(taken);
    const client = await sessions.client.open();
    const server = await accepted;
    return {
      client,
      server,
      async close() {
        client.destroy();
        server.destroy();
        await sessions.close();
      },
    };
  });
});

test("channels beside each other keep their messages, also those that are read late [WIRE-15] [WIRE-18]", async () => {
  const server = createServer().add(Echo, echoService);
  const sessions = await connectSessions((stream) => server.accept(stream));
  const channels = await Promise.all([1, 2, 3, 4].map(async () => createChannel(await sessions.client.open())));
  const sizes = [1, 40, 700, 5000, 20_000, 90_000];
  const read = async (channelIndex: number, size: number) => {
    const client = createClient(Echo, channels[channelIndex]!.transport);
    const fill = (channelIndex * sizes.length + sizes.indexOf(size)) % 251;
    const wanted = Buffer.alloc(size, fill);
    let count = 0;
    for await (const { chunks } of client.serverStream({ chunks: [wanted] }, { headers: { "x-count": "300" } })) {
      assert.ok(wanted.equals(chunks[0]!), `message ${count} of ${size} bytes of channel ${channelIndex}`);
      count++;
      // What follows lies there meanwhile, while the others read on.
      if (count % 20 === 0) for (let i = 0; i < 3; i++) await turn();
    }
    assert.equal(count, 300);
  };
  await Promise.all(channels.flatMap((_, index) => sizes.map((size) => read(index, size))));
  await Promise.all(channels.map((channel) => channel.close()));
  await server.close();
  await sessions.close();
});
