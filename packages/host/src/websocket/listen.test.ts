import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { networkInterfaces } from "node:os";
import type { Duplex } from "node:stream";
import { describe, test, type TestContext } from "node:test";
import { isTenonError } from "@tenon/core";
import { eventually } from "@tenon/testkit";
import { createCertificate } from "@tenon/wire/tls";
import { WebSocket } from "ws";
import { requireCertificate } from "../bind/admit.js";
import type { BindListener } from "../bind/bind-listener.js";
import { listen } from "../bind/listener.testing.js";
import type { ListenOptions } from "../bind/options.js";
import { storeOf } from "../bind/raw-plugin.testing.js";
import { askForWebSocket } from "./ask.testing.js";

const address = "ws://127.0.0.1:0/bind";
const store = { get: () => ({ entry: { key: "k", value: new Uint8Array([7]), version: 1n } }) };

/** A server of the user's that gives a listener what asks for a WebSocket. */
async function serve(t: Pick<TestContext, "after">, listener: BindListener, host = "127.0.0.1") {
  const server = createServer((_request, response) => response.end("the application"));
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) =>
    listener.handleUpgrade(request, socket, head),
  );
  server.listen(0, host);
  await once(server, "listening");
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

describe("a host that listens for WebSockets", () => {
  test("binds a plugin and calls it, and says where it listens [BIND-40]", async (t) => {
    const { listener, dialIn, event } = await listen(t, { address });
    assert.match(listener.address, /^ws:\/\/127\.0\.0\.1:[1-9]\d*\/bind$/);
    const plugin = await dialIn({ store });
    plugin.hello();
    await event("ready");
    const { entry } = await storeOf(listener.session("kv")).get({ key: "k" });
    assert.deepEqual(entry?.value, new Uint8Array([7]));
    assert.match(listener.plugins()[0]!.remote, /^127\.0\.0\.1:\d+$/);
  });

  test("knows the client's certificate below wss [BIND-43]", async (t) => {
    const [own, plugins] = [createCertificate(), createCertificate({ commonName: "kv" })];
    const tls = { cert: own.certPem, key: own.keyPem, ca: plugins.certPem };
    const { listener, dialIn, event } = await listen(t, {
      address: "wss://127.0.0.1:0/bind",
      tls,
      admit: requireCertificate(),
    });
    assert.match(listener.address, /^wss:/);
    const plugin = await dialIn({
      store,
      tls: { ca: own.certPem, servername: "localhost", cert: plugins.certPem, key: plugins.keyPem },
    });
    plugin.hello();
    await event("ready");
    await storeOf(listener.session("kv")).get({ key: "k" });
    await assert.rejects(dialIn({ tls: { ca: own.certPem, servername: "localhost" } }));
  });

  test("answers what it does not want with a status and a reason [BIND-41]", async (t) => {
    const { listener } = await listen(t, { address });
    const answer = (ask: Parameters<typeof askForWebSocket>[1]) => askForWebSocket(listener.address, ask);
    assert.equal((await answer({})).status, 101);
    assert.equal((await answer({ path: "/bind?query" })).status, 101);
    assert.deepEqual(await answer({ path: "/" }), { status: 404, body: "plugins dial in at /bind" });
    assert.deepEqual(await answer({ headers: { "Sec-WebSocket-Protocol": undefined } }), {
      status: 400,
      body: "this WebSocket is for the subprotocol tenon.bind.v1",
    });
    assert.equal((await answer({ headers: { "Sec-WebSocket-Protocol": "graphql-ws, tenon.bind.v1" } })).status, 101);
    assert.equal((await answer({ headers: { "Sec-WebSocket-Key": "short" } })).status, 400);
    assert.deepEqual(await answer({ headers: { Connection: undefined, Upgrade: undefined } }), {
      status: 426,
      body: "plugins dial in here by WebSocket",
    });
  });

  test("takes no page's WebSocket but those of its origins [BIND-42]", async (t) => {
    const status = async (origins: ListenOptions["origins"], Origin: string) => {
      const { listener } = await listen(t, { address, ...(origins !== undefined && { origins }) });
      return (await askForWebSocket(listener.address, { headers: { Origin } })).status;
    };
    assert.equal(await status(undefined, "https://app.example"), 403);
    assert.equal(await status(["https://app.example"], "https://app.example"), 101);
    for (const other of ["http://app.example", "https://app.example.net", "https://app.example:8443", "null"]) {
      assert.equal(await status(["https://app.example"], other), 403, other);
    }
    assert.equal(await status("*", "null"), 101);
  });

  test("closes connections that ask for nothing, and does not take too many [BIND-29]", async (t) => {
    const { listener } = await listen(t, { address, helloTimeoutMs: 300, maxHalfOpen: 2 });
    const port = Number(new URL(listener.address).port);
    // One says nothing, one too little, and the third is one too many.
    const sockets = ["", "GET /bind HTTP/1.1\r\n", "GET /bind"].map((text) => {
      const socket = connect(port, "127.0.0.1").on("error", () => {});
      socket.resume().write(text);
      return new Promise((resolve) => socket.once("close", resolve));
    });
    await Promise.all(sockets);
    assert.equal(listener.refusedConnections, 1);
    const silent = await askForWebSocket(listener.address);
    assert.equal(silent.status, 101);
  });

  test("closes WebSockets on which no plugin is bound [BIND-29]", async (t) => {
    const { dialIn } = await listen(t, { address, helloTimeoutMs: 200 });
    const plugin = await dialIn();
    plugin.socket.on("error", () => {});
    await eventually(() => plugin.socket.destroyed);
  });

  test("ends a WebSocket that breaks its rules, and no other [BIND-44]", async (t) => {
    const { listener, dialIn, event } = await listen(t, { address });
    const plugin = await dialIn({ store });
    plugin.hello();
    await event("ready");
    const codes: number[] = [];
    for (const breakRule of [
      (socket: WebSocket) => socket.send("text"),
      (socket: WebSocket) => socket.send(Buffer.alloc(1024 * 1024 + 1)),
      // A frame without a mask, which a client must not send; and bytes that are no HTTP/2.
      (_: WebSocket, connection: Duplex) => connection.write(Buffer.from([0x82, 1, 0])),
      (socket: WebSocket) => socket.send(Buffer.alloc(1024)),
    ]) {
      const socket = new WebSocket(listener.address, "tenon.bind.v1");
      let connection: Duplex | undefined;
      socket.on("upgrade", (response) => (connection = response.socket));
      await once(socket, "open");
      breakRule(socket, connection!);
      const [code] = (await once(socket, "close")) as [number];
      codes.push(code);
    }
    assert.deepEqual(codes.slice(0, 3), [1003, 1009, 1002]);
    await storeOf(listener.session("kv")).get({ key: "k" });
  });

  test("has a scheme and settings that agree, and needs TLS beyond this machine [BIND-27]", async (t) => {
    const own = createCertificate();
    const tls = { cert: own.certPem, key: own.keyPem };
    for (const options of [
      { address, tls },
      { address: "wss://127.0.0.1:0/bind" },
      { address: "ws://0.0.0.0:0/bind" },
      { address: "none", tls },
      { address: "ws:///bind" },
      { address: "ws://127.0.0.1/bind#part" },
      { address: "ws://user@127.0.0.1/bind" },
      { address, origins: ["app.example"] },
      { address, origins: ["https://app.example/"] },
    ]) {
      await assert.rejects(listen(t, options), { code: "option-invalid" }, JSON.stringify(options));
    }
    const { records } = await listen(t, { address: "ws://0.0.0.0:0/bind", insecure: true });
    assert.match(records.find(({ level }) => level === "warn")?.message ?? "", /without TLS/);
  });

  test("says that it cannot listen", async (t) => {
    const { listener } = await listen(t, { address });
    await assert.rejects(listen(t, { address: listener.address }), (error) => isTenonError(error, "listen-failed"));
  });
});

describe("a server of the user's", () => {
  test("hands over what asks for a WebSocket, for a listener without a socket or with one [BIND-43]", async (t) => {
    for (const own of ["none", "127.0.0.1:0"]) {
      const { listener, dialIn, event } = await listen(t, { address: own });
      const to = `ws://127.0.0.1:${await serve(t, listener)}/any/path`;
      const plugin = await dialIn({ address: to, store });
      plugin.hello();
      await event("ready");
      await storeOf(listener.session("kv")).get({ key: "k" });
      assert.equal((await askForWebSocket(to, { headers: { Origin: "https://app.example" } })).status, 403);
    }
  });

  test("needs TLS for who comes from beyond this machine, or insecure [BIND-43]", async (t) => {
    const addresses = Object.values(networkInterfaces()).flat();
    const wider = addresses.find((each) => each?.internal === false && each.family === "IPv4")?.address;
    if (wider === undefined) return t.skip("this machine has no network");
    const statuses = [];
    for (const insecure of [false, true]) {
      const { listener } = await listen(t, { address: "none", insecure });
      const to = `ws://${wider}:${await serve(t, listener, "0.0.0.0")}/`;
      statuses.push((await askForWebSocket(to)).status);
    }
    assert.deepEqual(statuses, [403, 101]);
  });

  test("is told when the listener has as much as it may, or is closed [BIND-29]", async (t) => {
    const { listener } = await listen(t, { address: "none", maxHalfOpen: 1, helloTimeoutMs: 60_000 });
    const port = await serve(t, listener);
    const held = connect(port, "127.0.0.1").on("error", () => {});
    t.after(() => held.destroy());
    held.write("GET / HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n");
    held.write("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: tenon.bind.v1\r\n");
    held.write(`Sec-WebSocket-Key: ${Buffer.alloc(16).toString("base64")}\r\n\r\n`);
    await once(held, "data");
    assert.equal((await askForWebSocket(`ws://127.0.0.1:${port}/`)).status, 503);
    assert.equal(listener.refusedConnections, 1);
    await listener.close();
    assert.equal((await askForWebSocket(`ws://127.0.0.1:${port}/`)).status, 503);
  });
});
