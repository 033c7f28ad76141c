import { create } from "@bufbuild/protobuf";
import { type BytesValue, BytesValueSchema } from "@bufbuild/protobuf/wkt";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { startServer } from "../../lib/server-process.js";
import { serveStreams } from "../../lib/stream-loop.js";
import { loadService } from "./load-service.js";

const server = await startServer(import.meta.url, "load-server.js");
const client = new Client(`unix:${server.path}`, credentials.createInsecure());
const { path, requestSerialize, responseDeserialize } = loadService.repeat;

await serveStreams(
  { pid: process.pid, serverPid: server.pid },
  (value, count) =>
    new Promise<number>((resolve, reject) => {
      const metadata = new Metadata();
      metadata.set("count", String(count));
      const request = create(BytesValueSchema, { value });
      let bytes = 0;
      client
        .makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, metadata)
        .on("data", (message: BytesValue) => (bytes += message.value.length))
        .once("error", reject)
        .once("end", () => resolve(bytes));
    }),
);
client.close();
await server.stop();
