// The floor: plain bytes over a unix socket. A connection asks for them with two numbers: bytes of a chunk, and how many.
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { serveUntilStdinEnds } from "../../lib/server-process.js";

async function send(socket: Socket, chunkBytes: number, count: number): Promise<void> {
  const chunk = Buffer.alloc(chunkBytes, 7);
  for (let i = 0; i < count; i++) {
    if (!socket.write(chunk)) await once(socket, "drain");
  }
  socket.end();
}

const server = createServer((socket) => {
  socket.once("data", (asked: Buffer) => {
    send(socket, asked.readUInt32BE(0), asked.readUInt32BE(4)).catch((error: Error) => socket.destroy(error));
  });
});
await serveUntilStdinEnds((path) => once(server.listen(path), "listening"));
