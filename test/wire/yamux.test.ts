import assert from "node:assert/strict";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { test } from "node:test";
import { connect as connectTls, TLSSocket } from "node:tls";
import { createClient } from "@connectrpc/connect";
import { assertNoLeaks, createDuplexPair, injectFaults, snapshotResources } from "@tenon/testkit";
import { createCertificate, createChannel, createServer, pinnedTls } from "@tenon/wire";
import { createYamuxSession, type YamuxSession } from "@tenon/wire/yamux";
import { echoClientSuite } from "../conformance/peers/client-suite.js";
import type { EchoClient } from "../conformance/peers/echo-ends.js";
import { echoService } from "../fixtures/echo-service.js";
import { Echo, Ghost } from "../gen/tenon/test/v1/echo_pb.js";

const [host, plugin] = [createCertificate(), createCertificate()];

interface Layers {
  /** Wraps the byte stream under yamux. */
  readonly under?: (stream: Duplex) => Duplex;
  /** Wraps the yamux streams at both ends. */
  readonly over?: { readonly client: (stream: Duplex) => Duplex; readonly server: (stream: Duplex) => Duplex };
}

/** Serves Echo on the streams of one session and opens a channel on a stream of the other. */
async function connectEcho(layers: Layers = {}): Promise<EchoClient & { readonly sessions: readonly YamuxSession[] }> {
  const { under = (stream) => stream, over } = layers;
  const [near, far] = createDuplexPair();
  const server = createServer().add(Echo, echoService);
  const theirs = createYamuxSession(far, {
    role: "server",
    onStream: (stream) => server.accept(over === undefined ? stream : over.server(stream)),
  });
  const ours = createYamuxSession(under(near), { role: "client" });
  const stream = await ours.open();
  const channel = createChannel(over === undefined ? stream : over.client(stream));
  return {
    client: createClient(Echo, channel.transport),
    unknown: () => createClient(Ghost, channel.transport).call({}),
    ping: () => channel.ping(),
    sessions: [ours, theirs],
    close: async () => {
      await channel.close();
      await server.close();
      assert.equal((await ours.close()).kind, "closed");
      assert.equal((await theirs.closed).kind, "goaway");
    },
  };
}

const tls: Layers["over"] = {
  client: (stream) => connectTls({ ...pinnedTls(host, plugin.certPem), socket: stream }),
  server: (stream) =>
    new TLSSocket(stream, {
      ...pinnedTls(plugin, host.certPem),
      isServer: true,
    }),
};

echoClientSuite("our server on a yamux stream [WIRE-15]", () => connectEcho());
echoClientSuite("our server in mutual TLS on a yamux stream [WIRE-15]", () => connectEcho({ over: tls }));

test("gRPC on a yamux stream on a byte stream that splits at every byte [WIRE-15]", async () => {
  const echo = await connectEcho({
    under: (stream) => injectFaults(stream, { readChunkBytes: 1, writeChunkBytes: 1 }).stream,
  });
  const answers = await Promise.all(
    [1, 2, 3].map((fill) => echo.client.unary({ chunks: [new Uint8Array(200).fill(fill)] })),
  );
  assert.deepEqual(
    answers.map(({ chunks }) => chunks[0]![199]),
    [1, 2, 3],
  );
  await echo.close();
});

test("the end of a session fails the calls on it, and the end of a channel ends its stream [WIRE-12] [WIRE-20]", async () => {
  const before = snapshotResources({ temporaryDirectories: [] });
  const echo = await connectEcho();
  const call = echo.client.unary({}, { headers: { "x-delay-ms": "5000" } });
  await echo.ping();
  echo.sessions[1]!.destroy();
  await assert.rejects(call, { name: "ConnectError" });
  await Promise.all(echo.sessions.map(({ closed }) => closed));

  const [near, far] = createDuplexPair();
  const server = createServer().add(Echo, echoService);
  const theirs = createYamuxSession(far, { role: "server", onStream: (stream) => server.accept(stream) });
  const ours = createYamuxSession(near, { role: "client" });
  const stream = await ours.open();
  const channel = createChannel(stream);
  await channel.ping();
  const closed = once(stream, "close");
  await channel.close();
  await closed;
  await ours.ping();
  assert.deepEqual([ours.streamCount, theirs.streamCount], [0, 0]);
  await ours.close();
  await assertNoLeaks(before, { ignoredKinds: ["open descriptor"] });
});
