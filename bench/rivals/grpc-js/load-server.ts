import { once } from "node:events";
import { create } from "@bufbuild/protobuf";
import { type BytesValue, BytesValueSchema } from "@bufbuild/protobuf/wkt";
import { Server, ServerCredentials, type ServerWritableStream } from "@grpc/grpc-js";
import { parseCount } from "../../lib/load-service.js";
import { serveUntilStdinEnds } from "../../lib/server-process.js";
import { loadService } from "./load-service.js";

async function repeat(call: ServerWritableStream<BytesValue, BytesValue>): Promise<void> {
  const { value } = call.request;
  const count = parseCount(call.metadata.get("count")[0]?.toString());
  for (let i = 0; i < count; i++) {
    if (!call.write(create(BytesValueSchema, { value }))) await once(call, "drain");
  }
  call.end();
}

const server = new Server();
server.addService(loadService, {
  repeat: (call: ServerWritableStream<BytesValue, BytesValue>) => {
    repeat(call).catch((error: Error) => call.destroy(error));
  },
});
await serveUntilStdinEnds(
  (path) =>
    new Promise((resolve, reject) => {
      server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      );
    }),
);
