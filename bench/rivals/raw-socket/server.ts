// The floor: frames come in and go out again over a unix socket; no HTTP/2, no gRPC, no messages.
import { once } from "node:events";
import { createServer } from "node:net";
import { serveUntilStdinEnds } from "../../lib/server-process.js";
import { frameWriter, onFrame } from "./frames.js";

const server = createServer((socket) => {
  onFrame(socket, frameWriter(socket));
});
await serveUntilStdinEnds((path) => once(server.listen(path), "listening"));
