// Our end of the group wire that answers: the engine alone on a unix socket.
import { once } from "node:events";
import { createServer as createListener } from "node:net";
import { createServer } from "@tenon/wire";
import { Load } from "../gen/load_pb.js";
import { loadService } from "../lib/load-service.js";
import { serveUntilStdinEnds } from "../lib/server-process.js";

const server = createServer().add(Load, loadService);
const listener = createListener((socket) => server.accept(socket));
await serveUntilStdinEnds((path) => once(listener.listen(path), "listening"));
