import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { kv } from "@tenon/example-kv/contract";
import { createHost, type Session } from "@tenon/host";
import { type BindListener, createTokens, requireToken } from "@tenon/host/bind";
import { bundlePage } from "./bundle.js";

/** A web server with one page, and a host for the plugins that run in it. */
export interface PageServer extends AsyncDisposable {
  readonly url: string;
  readonly listener: BindListener;
  /** The session of a page that is open, if there is one. */
  session(): Session<typeof kv.versions> | undefined;
}

/** Bundles the page and serves it. */
export async function servePage(): Promise<PageServer> {
  const script = await bundlePage();
  const host = createHost({ name: "page-host" });
  const tokens = createTokens();
  const server = createServer((request, response) => {
    if (request.url === "/page.js") {
      response.writeHead(200, { "Content-Type": "text/javascript" }).end(script);
    } else if (request.url === "/") {
      // Who gets the page is who may dial in, once for each page.
      const { token } = tokens.issue({ plugin: "page", contract: kv.name, expiresInMs: 60_000, singleUse: true });
      response.writeHead(200, { "Content-Type": "text/html", "Cache-Control": "no-store" });
      response.end(
        `<!doctype html><meta name="plugin-token" content="${token}"><script type="module" src="/page.js"></script>`,
      );
    } else {
      response.writeHead(404).end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  const listener = await host.listen({
    address: "none",
    origins: [url],
    contracts: [kv],
    admit: requireToken(tokens),
  });
  server.on("upgrade", (request, socket, head) => {
    if (request.url === "/bind") listener.handleUpgrade(request, socket, head);
    else socket.destroy();
  });
  return {
    url,
    listener,
    session: () => listener.session("page", kv),
    async [Symbol.asyncDispose]() {
      await host.stop();
      server.close();
      server.closeAllConnections();
    },
  };
}
