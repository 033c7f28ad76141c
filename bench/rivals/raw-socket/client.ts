import { once } from "node:events";
import { connect } from "node:net";
import { payloadBytes, serveCalls } from "../../lib/client-loop.js";
import { startServer } from "../../lib/server-process.js";
import { frameWriter, onFrame } from "./frames.js";

const server = await startServer(import.meta.url);
const socket = connect(server.path);
await once(socket, "connect");

const waiting: ((body: Buffer) => void)[] = [];
let next = 0;
onFrame(socket, (body) => {
  waiting[next]?.(body);
  next += 1;
  if (next === waiting.length) next = waiting.length = 0;
});
const send = frameWriter(socket);
const value = new Uint8Array(payloadBytes).fill(7);

await serveCalls(
  () =>
    new Promise<Buffer>((resolve) => {
      waiting.push(resolve);
      send(value);
    }),
);
socket.destroy();
await server.stop();
