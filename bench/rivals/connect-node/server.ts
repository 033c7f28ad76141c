import { once } from "node:events";
import { createServer } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { KV } from "@tenon/example-kv/proto";
import { serveUntilStdinEnds } from "../../lib/server-process.js";

const values = new Map<string, Uint8Array>();

const server = createServer(
  connectNodeAdapter({
    routes: (router) =>
      router.service(KV, {
        get: ({ key }) => {
          const value = values.get(key);
          if (!value) throw new ConnectError(`no value for ${key}`, Code.NotFound);
          return { value };
        },
        put: ({ key, value }) => {
          values.set(key, value);
          return {};
        },
      }),
  }),
);
await serveUntilStdinEnds((path) => once(server.listen(path), "listening"));
