import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request as requestHttp } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { test, type TestContext } from "node:test";
import { createTokens, requireToken } from "@tenon/host/bind";
import type { BindEvent } from "@tenon/plugin/bind";
import { eventually } from "@tenon/testkit";
import { createCertificate } from "@tenon/wire/tls";
import { useSandbox } from "../support/sandbox.js";
import { bind, listen, putAndGet } from "./ends.js";

useSandbox();

/** What stands before a host: it ends TLS, wants to know who comes, and passes on to the host's port whatever asks for an upgrade. */
async function startProxy(t: TestContext, hostPort: () => number, tls: { cert: string; key: string }) {
  const proxy = createTlsServer(tls, (_request, response) => response.writeHead(404).end());
  const sockets = new Set<Duplex>();
  proxy.on("upgrade", (request, socket: Duplex, head) => {
    sockets.add(socket.on("error", () => {}));
    const answer = (status: string): void => void socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`);
    if (request.headers.authorization !== "Bearer of-the-proxy") return answer("401 Unauthorized");
    const { url = "/", headers } = request;
    const onward = requestHttp({ host: "127.0.0.1", port: hostPort(), path: url, headers, agent: false });
    onward.on("error", () => answer("502 Bad Gateway"));
    onward.on("upgrade", (response, upstream: Duplex, first) => {
      const lines = response.rawHeaders.map((text, i) => (i % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join("");
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines}\r\n`);
      socket.write(first);
      upstream.write(head);
      upstream.on("error", () => socket.destroy()).on("close", () => socket.destroy());
      socket.on("close", () => upstream.destroy());
      upstream.pipe(socket).pipe(upstream);
    });
    onward.end();
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  t.after(() => {
    proxy.close();
    for (const socket of sockets) socket.destroy();
  });
  return (proxy.address() as AddressInfo).port;
}

test("a plugin reaches its host through a proxy that ends TLS, and says what the proxy does not like [BIND-40] [BIND-41]", async (t) => {
  const certificate = createCertificate();
  const tokens = createTokens();
  // The host shares one port with the application.
  const application = createServer((_request, response) => response.end("the application"));
  application.listen(0, "127.0.0.1");
  await once(application, "listening");
  t.after(() => application.close());
  const hostPort = (application.address() as AddressInfo).port;
  const { listener, client } = await listen(t, { address: "none", admit: requireToken(tokens) });
  application.on("upgrade", (request, socket, head) => listener.handleUpgrade(request, socket, head));

  let isDown = true;
  const proxyPort = await startProxy(t, () => (isDown ? 1 : hostPort), {
    cert: certificate.certPem,
    key: certificate.keyPem,
  });
  const to = `wss://localhost:${proxyPort}/plugins/bind`;
  const causes: string[] = [];
  const settings = {
    to,
    token: tokens.issue({ plugin: "kv" }).token,
    tls: { ca: certificate.certPem },
    onEvent: (event: BindEvent) => {
      if (event.type === "unreachable") causes.push((event.cause as Error).message);
    },
  };

  const giveUp = new AbortController();
  const refused = bind(t, { ...settings, signal: giveUp.signal });
  refused.catch(() => {});
  await eventually(() => causes.length > 0);
  giveUp.abort(new Error("seen enough"));
  await assert.rejects(refused, /seen enough/);
  assert.match(causes[0]!, /HTTP status 401: a proxy wants to know who comes; see the option webSocket\.headers/);

  causes.length = 0;
  const headers = { Authorization: "Bearer of-the-proxy" };
  const binding = bind(t, { ...settings, webSocket: { headers } });
  await eventually(() => causes.length > 0);
  assert.match(causes[0]!, /HTTP status 502: a proxy is there, and the host behind it is not/);
  isDown = false;
  const bound = await binding;
  await putAndGet(await client());
  await bound.close();
});
