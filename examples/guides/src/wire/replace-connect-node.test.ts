import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createSecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { type Client, createClient } from "@connectrpc/connect";
import { connectNodeAdapter, createGrpcTransport } from "@connectrpc/connect-node";
import { createCertificate } from "@tenon/wire";
import { Words } from "../gen/guide/v1/words_pb.js";
import { dialTcp, dialTls, dialUnix } from "./client.js";
import { connectNodeClient, connectNodeServer } from "./connect-node.js";
import { implementation, type Listening, serve, serveTls } from "./server.js";

async function portOf(listener: { address(): AddressInfo | string | null; listening: boolean }): Promise<number> {
  if (!listener.listening) await once(listener as never, "listening");
  return (listener.address() as AddressInfo).port;
}

async function check(client: Client<typeof Words>): Promise<void> {
  assert.equal((await client.count({ text: "one two three" })).words, 3);
  const words: string[] = [];
  for await (const { text } of client.split({ text: "one two" })) words.push(text);
  assert.deepEqual(words, ["one", "two"]);
}

function closeAfter(t: TestContext, { server, listener }: Listening): void {
  t.after(async () => {
    listener.close();
    await server.close({ graceMs: 0 });
  });
}

const certificate = createCertificate();

test("our client and our server: TCP, TLS and a unix socket [WIRE-39]", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "guide-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "s");
  const plain = serve(0);
  const secure = serveTls(0, certificate.certPem, certificate.keyPem);
  const local = serve(path);
  for (const each of [plain, secure, local]) closeAfter(t, each);
  for (const { channel, client } of [
    dialTcp(await portOf(plain.listener)),
    dialTls(await portOf(secure.listener), certificate.certPem),
    dialUnix(path),
  ]) {
    await check(client);
    await channel.close();
  }
});

test("our client and connect-node's server, plain and TLS [WIRE-39]", async (t) => {
  const plain = connectNodeServer(0);
  const { certPem: cert, keyPem: key } = certificate;
  const handler = connectNodeAdapter({ routes: (router) => router.service(Words, implementation) });
  const secure = createSecureServer({ cert, key }, handler).listen(0);
  t.after(() => {
    plain.close();
    secure.close();
  });
  for (const { channel, client } of [dialTcp(await portOf(plain)), dialTls(await portOf(secure), cert)]) {
    await check(client);
    await channel.close();
  }
});

test("connect-node's client and our server, plain and TLS [WIRE-39]", async (t) => {
  const plain = serve(0);
  const secure = serveTls(0, certificate.certPem, certificate.keyPem);
  for (const each of [plain, secure]) closeAfter(t, each);
  await check(connectNodeClient(await portOf(plain.listener)));
  const transport = createGrpcTransport({
    baseUrl: `https://localhost:${await portOf(secure.listener)}`,
    nodeOptions: { ca: certificate.certPem },
  });
  await check(createClient(Words, transport));
});
