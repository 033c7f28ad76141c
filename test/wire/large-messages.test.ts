import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer as createSocketServer, type Socket } from "node:net";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { connect as connectTls, TLSSocket } from "node:tls";
import { connectSocket, createCertificate, createChannel, createClient, createServer, pinnedTls } from "@tenon/wire";
import { echoService } from "../fixtures/echo-service.js";
import { Echo } from "../gen/tenon/test/v1/echo_pb.js";

/** Message number i: a length and bytes that no other one has. */
function message(i: number, maxBytes = 250_000): Uint8Array {
  const bytes = new Uint8Array((i * 7919) % maxBytes);
  for (let at = 0; at < bytes.length; at++) bytes[at] = (at * 31 + i * 17) & 0xff;
  return bytes;
}

type Connect = (options: { port: number; host: string }) => Socket;

async function tcpPair(dial: Connect): Promise<{ near: Socket; far: Socket }> {
  const listener = createSocketServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const near = dial({ port: (listener.address() as AddressInfo).port, host: "127.0.0.1" });
  const [far] = (await once(listener, "connection")) as [Socket];
  listener.close();
  return { near, far };
}

async function open(dial: Connect, tls: boolean) {
  const { near, far } = await tcpPair(dial);
  const [ours, theirs] = [createCertificate(), createCertificate()];
  const server = createServer().add(Echo, echoService);
  server.accept(tls ? new TLSSocket(far, { ...pinnedTls(theirs, ours.der), isServer: true }) : far);
  const stream = tls ? connectTls({ ...pinnedTls(ours, theirs.der), socket: near }) : near;
  if (tls) await once(stream, "secureConnect");
  const channel = createChannel(stream);
  return {
    client: createClient(Echo, channel.transport),
    close: async () => {
      await channel.close();
      await server.close();
    },
  };
}

// Memory is used again for what is written to sockets, and for what is read from those of connectSocket: every byte must
// be that of its own message.
for (const [what, dial] of [["net.connect", connect] as const, ["connectSocket", connectSocket] as const]) {
  for (const tls of [false, true]) {
    const over = `${what}${tls ? ", TLS" : ""}`;

    test(`large messages of all lengths keep their bytes, both ways at once (${over}) [WIRE-06] [WIRE-10]`, async () => {
      const { client, close } = await open(dial, tls);
      async function* requests(from: number) {
        for (let i = from; i < from + 100; i++) yield { chunks: [message(i)] };
      }
      const kept: [i: number, bytes: Uint8Array][] = [];
      async function check(from: number): Promise<void> {
        let i = from;
        for await (const { chunks } of client.bidi(requests(from))) {
          kept.push([i, chunks[0] ?? new Uint8Array(0)]);
          i += 1;
        }
        assert.equal(i, from + 100);
      }
      async function echo(from: number): Promise<void> {
        for (let i = from; i < from + 50; i++) {
          const { chunks } = await client.unary({ chunks: [message(i)] });
          kept.push([i, chunks[0] ?? new Uint8Array(0)]);
        }
      }
      await Promise.all([check(1), check(501), check(1001), echo(2001), echo(3001)]);
      for (const [i, bytes] of kept) assert.equal(Buffer.compare(bytes, message(i)), 0, `message ${i}`);
      await close();
    });

    test(`small messages keep their bytes while their reader lags behind (${over}) [WIRE-10]`, async () => {
      const { client, close } = await open(dial, tls);
      async function* requests() {
        for (let i = 0; i < 3000; i++) yield { chunks: [message(i, 2000)] };
      }
      let i = 0;
      for await (const { chunks } of client.bidi(requests())) {
        assert.equal(Buffer.compare(chunks[0] ?? new Uint8Array(0), message(i, 2000)), 0, `message ${i}`);
        i += 1;
        if (i % 7 === 0) await turn();
      }
      assert.equal(i, 3000);
      await close();
    });
  }
}

test("a socket of connectSocket is like any other to those who listen to it", async () => {
  const { near, far } = await tcpPair(connectSocket);
  const sent = Buffer.concat(Array.from({ length: 40 }, (_, i) => message(i + 1, 40_000)));
  far.end(sent);
  const chunks: Buffer[] = [];
  for await (const chunk of near) {
    chunks.push(chunk as Buffer);
    await turn();
  }
  assert.equal(Buffer.compare(Buffer.concat(chunks), sent), 0);
});

test("what came before a channel was made on a socket of connectSocket is not lost", async () => {
  const { near, far } = await tcpPair(connectSocket);
  const server = createServer().add(Echo, echoService);
  // A server that speaks first: its SETTINGS are there before anybody reads.
  far.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
  for (let i = 0; i < 20; i++) await turn();
  const channel = createChannel(near);
  server.accept(far);
  const { chunks } = await createClient(Echo, channel.transport).unary({ chunks: [message(5)] });
  assert.equal(Buffer.compare(chunks[0]!, message(5)), 0);
  await channel.close();
  await server.close();
});
