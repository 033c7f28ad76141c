import { connect } from "node:net";
import { startServer } from "../../lib/server-process.js";
import { serveStreams } from "../../lib/stream-loop.js";

const server = await startServer(import.meta.url, "stream-server.js");

await serveStreams(
  { pid: process.pid, serverPid: server.pid },
  (value, count) =>
    new Promise<number>((resolve, reject) => {
      const asked = Buffer.alloc(8);
      asked.writeUInt32BE(value.length, 0);
      asked.writeUInt32BE(count, 4);
      let bytes = 0;
      const socket = connect(server.path);
      socket.write(asked);
      socket
        .on("data", (chunk: Buffer) => (bytes += chunk.length))
        .once("error", reject)
        .once("end", () => resolve(bytes));
    }),
);
await server.stop();
