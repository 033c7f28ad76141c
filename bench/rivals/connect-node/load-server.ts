import { once } from "node:events";
import { createServer } from "node:http2";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { Load } from "../../gen/load_pb.js";
import { loadService } from "../../lib/load-service.js";
import { serveUntilStdinEnds } from "../../lib/server-process.js";

const server = createServer(connectNodeAdapter({ routes: (router) => router.service(Load, loadService) }));
await serveUntilStdinEnds((path) => once(server.listen(path), "listening"));
