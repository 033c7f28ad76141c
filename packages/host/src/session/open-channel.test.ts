import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, createServer as listenTo, type Server as NetServer, type Socket } from "node:net";
import { describe, test } from "node:test";
import { createServer as createTlsServer, TLSSocket } from "node:tls";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { Health, isTenonError } from "@tenon/core";
import { type Certificate, createCertificate, createServer, pinnedTls } from "@tenon/wire";
import type { ChannelSettings } from "./channel-settings.js";
import { dial } from "./dial.js";
import { openChannel } from "./open-channel.js";

/** What stands in for a plugin: a listener on TCP, in mutual TLS where there are certificates. */
async function listen(isSecure: boolean) {
  const own = createCertificate();
  const host = createCertificate();
  const server = createServer().add(Health, {
    check: () => ({ status: 1 }),
    async *watch(_, { signal }) {
      yield { status: 1 };
      await once(signal, "abort");
    },
  });
  let connections = 0;
  const sockets = new Set<Socket>();
  const listener = listenTo((socket) => {
    connections++;
    sockets.add(socket.once("close", () => sockets.delete(socket)));
    server.accept(isSecure ? new TLSSocket(socket, { isServer: true, ...pinnedTls(own, host.certPem) }) : socket);
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const address = { network: "tcp", host: "127.0.0.1", port } as const;
  const { channel } = await openChannel({
    connect: (signal) => dial(address, 50, signal),
    place: "the plugin's address",
    isRenewable: true,
    interceptors: [],
    tls: isSecure ? pinnedTls(host, own.certPem) : undefined,
    // Of the engine's own options: 2^30 calls would take a while.
    channel: { maxCallsPerConnection: 5 } as ChannelSettings,
    multiplex: false,
    explainLoss: async () => new Error("the plugin has gone"),
    signal: new AbortController().signal,
  });
  return { channel, client: createClient(Health, channel.transport), server, listener, connections: () => connections };
}

for (const isSecure of [false, true]) {
  describe(`a session ${isSecure ? "in mutual TLS" : "in plaintext"} does not run out of stream identifiers [WIRE-52]`, () => {
    test("its calls go on over further connections, its streams stay on theirs", async () => {
      const { channel, client, server, listener, connections } = await listen(isSecure);
      const watching = client.watch({})[Symbol.asyncIterator]();
      await watching.next();
      await Promise.all(
        Array.from({ length: 8 }, async () => {
          for (let i = 0; i < 10; i++) assert.equal((await client.check({})).status, 1);
        }),
      );
      assert.ok(connections() >= 16, `${connections()} connections`);
      assert.equal(channel.inFlight, 1);
      const rest = watching.next().catch((error: unknown) => ConnectError.from(error).code);
      channel.destroy();
      assert.equal(await rest, Code.Unavailable);
      listener.close();
      await server.close();
    });

    test("where the plugin has gone, the calls that wait say so", async () => {
      const { channel, client, server, listener } = await listen(isSecure);
      listener.close();
      const outcomes = await Promise.allSettled(Array.from({ length: 7 }, () => client.check({})));
      const failed = outcomes.filter(({ status }) => status === "rejected");
      assert.equal(failed.length, 2);
      for (const outcome of failed) {
        assert.match(String((outcome as PromiseRejectedResult).reason), /\[unavailable\] the plugin has gone/);
      }
      assert.equal((await channel.closed).kind, "lost");
      await server.close();
    });
  });
}

/** Opens a channel to what listens there, as a start does. */
async function openTo(
  listener: NetServer,
  certificates?: { readonly host: Certificate; readonly plugin: Certificate },
) {
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const address = { network: "tcp", host: "127.0.0.1", port } as const;
  return openChannel({
    connect: (signal) => dial(address, 1000, signal),
    place: "the plugin's address",
    isRenewable: true,
    interceptors: [],
    tls: certificates && pinnedTls(certificates.host, certificates.plugin.certPem),
    channel: {},
    multiplex: false,
    explainLoss: async () => new Error("the plugin has gone"),
    signal: new AbortController().signal,
  });
}

test("calls name localhost as their authority, and are gRPC that is not compressed [HOST-07] [HOST-08] [WIRE-11]", async (t) => {
  const server = createHttp2Server();
  const request = once(server, "stream") as Promise<[unknown, Record<string, string>]>;
  server.on("stream", (stream) => {
    stream.respond({ ":status": 200, "content-type": "application/grpc", "grpc-status": "12" }, { endStream: true });
  });
  const { channel } = await openTo(server);
  t.after(() => {
    channel.destroy();
    server.close();
  });
  await assert.rejects(createClient(Health, channel.transport).check({}));
  const [, headers] = await request;
  const sent = [":scheme", ":authority", "te", "content-type"].map((name) => headers[name]);
  assert.deepEqual(sent, ["http", "localhost", "trailers", "application/grpc"]);
  assert.ok([undefined, "identity"].includes(headers["grpc-encoding"]));
});

test("a peer whose TLS does not choose h2 is refused [TLS-13]", async (t) => {
  const [host, plugin] = [createCertificate(), createCertificate()];
  const { ALPNProtocols: _, ...withoutAlpn } = pinnedTls(plugin, host.certPem);
  const sockets = new Set<Socket>();
  const server = createTlsServer(withoutAlpn, (socket) => void sockets.add(socket.on("error", () => {})));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await assert.rejects(openTo(server, { host, plugin }), (error) => isTenonError(error, "tls-failed"));
});

test("TLS options that are no good are refused, and the connection that was made in the meantime is closed", async (t) => {
  const server = listenTo();
  server.listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const { port } = server.address() as AddressInfo;
  const opening = openChannel({
    connect: (signal) => dial({ network: "tcp", host: "127.0.0.1", port }, 50, signal),
    place: "the plugin's address",
    isRenewable: true,
    interceptors: [],
    tls: { cert: "no certificate" },
    channel: {},
    multiplex: false,
    explainLoss: async () => new Error("the plugin has gone"),
    signal: new AbortController().signal,
  });
  await assert.rejects(opening, (error) => isTenonError(error, "tls-failed") && /cannot be used/.test(error.message));
  const [socket] = await accepted;
  await once(socket.on("error", () => {}).resume(), "close");
});
