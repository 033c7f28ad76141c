import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { type ConnectionOptions, createServer, type TlsOptions } from "node:tls";
import { createDuplexPair } from "@tenon/testkit";
import { createCertificate } from "./certificate.js";
import { pinnedTls } from "./pinned.js";
import { secureClient } from "./secure-client.js";

const client = createCertificate();
const server = createCertificate();
const toServer: ConnectionOptions = pinnedTls(client, server.der);
const { signal } = new AbortController();

/** The client's end of a byte stream whose other end is a TLS server. */
function connect(options: TlsOptions) {
  const [near, far] = createDuplexPair();
  const tls = createServer(options, (secured) => secured.pipe(secured));
  tls.on("tlsClientError", (_error, socket) => socket.destroy());
  tls.emit("connection", far);
  return near;
}

test("resolves with a stream that HTTP/2 was agreed on for", async () => {
  const secured = await secureClient(connect(pinnedTls(server, client.der)), toServer, signal);
  assert.equal(secured.alpnProtocol, "h2");
  secured.write("ping");
  const [bytes] = (await once(secured, "data")) as [Buffer];
  assert.equal(bytes.toString(), "ping");
  secured.destroy();
});

test("rejects, and destroys the stream, where the server is another, does not speak HTTP/2, or hangs up", async () => {
  const other = createCertificate();
  for (const [options, expected] of [
    [pinnedTls(other, client.der), { code: /./ }],
    [{ ...pinnedTls(server, client.der), ALPNProtocols: undefined }, /does not offer HTTP\/2/],
  ] as const) {
    const stream = connect(options);
    await assert.rejects(secureClient(stream, toServer, signal), expected);
    assert.ok(stream.destroyed);
  }
  const [near, far] = createDuplexPair();
  far.end();
  far.resume();
  await assert.rejects(secureClient(near, toServer, signal), Error);
  assert.ok(near.destroyed);
});

test("rejects with the signal's reason, before and during the handshake", async () => {
  const reason = new Error("enough");
  const [near] = createDuplexPair();
  await assert.rejects(secureClient(near, toServer, AbortSignal.abort(reason)), reason);
  const controller = new AbortController();
  const [second] = createDuplexPair();
  const securing = secureClient(second, toServer, controller.signal);
  controller.abort(reason);
  await assert.rejects(securing, reason);
  assert.ok(near.destroyed && second.destroyed);
});
