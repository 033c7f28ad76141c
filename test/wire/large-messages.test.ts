import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer as createSocketServer, type Socket } from "node:net";
import { test } from "node:test";
import { connect as connectTls, TLSSocket } from "node:tls";
import { createClient } from "@connectrpc/connect";
import { createCertificate, createChannel, createServer, pinnedTls } from "@tenon/wire";
import { echoService } from "../fixtures/echo-service.js";
import { Echo } from "../gen/tenon/test/v1/echo_pb.js";

/** Message number i: a length and bytes that no other one has. */
function message(i: number): Uint8Array {
  const bytes = new Uint8Array((i * 7919) % 250_000);
  for (let at = 0; at < bytes.length; at++) bytes[at] = (at * 31 + i * 17) & 0xff;
  return bytes;
}

async function tcpPair(): Promise<{ near: Socket; far: Socket }> {
  const listener = createSocketServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const near = connect((listener.address() as AddressInfo).port, "127.0.0.1");
  const [far] = (await once(listener, "connection")) as [Socket];
  listener.close();
  return { near, far };
}

// Sockets are the streams whose buffers are used again: every byte must be that of its own message.
for (const tls of [false, true]) {
  test(`large messages of all lengths keep their bytes, both ways at once${tls ? ", over TLS" : ""} [WIRE-06] [WIRE-10]`, async () => {
    const { near, far } = await tcpPair();
    const [ours, theirs] = [createCertificate(), createCertificate()];
    const server = createServer().add(Echo, echoService);
    server.accept(tls ? new TLSSocket(far, { ...pinnedTls(theirs, ours.der), isServer: true }) : far);
    const stream = tls ? connectTls({ ...pinnedTls(ours, theirs.der), socket: near }) : near;
    if (tls) await once(stream, "secureConnect");
    const channel = createChannel(stream);
    const { bidi } = createClient(Echo, channel.transport);
    async function* requests(from: number) {
      for (let i = from; i < from + 100; i++) yield { chunks: [message(i)] };
    }
    async function check(from: number): Promise<void> {
      let i = from;
      for await (const { chunks } of bidi(requests(from))) {
        assert.equal(Buffer.compare(chunks[0] ?? new Uint8Array(0), message(i)), 0, `message ${i}`);
        i += 1;
      }
      assert.equal(i, from + 100);
    }
    await Promise.all([check(1), check(501), check(1001)]);
    await channel.close();
    await server.close();
  });
}
