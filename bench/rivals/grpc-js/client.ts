import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Client, credentials, type MethodDefinition } from "@grpc/grpc-js";
import { GetRequestSchema, PutRequestSchema } from "@tenon/example-kv/proto";
import { serveOrders } from "../../lib/client-loop.js";
import { startServer } from "../../lib/server-process.js";
import { kvService } from "./service.js";

const server = await startServer(import.meta.url);
const client = new Client(`unix:${server.path}`, credentials.createInsecure());

function unary<I, O>(method: MethodDefinition<I, O>, request: I): Promise<O> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      (error, response) => (error ? reject(error) : resolve(response!)),
    );
  });
}

const get = (init: MessageInitShape<typeof GetRequestSchema>) => unary(kvService.get, create(GetRequestSchema, init));
const put = (init: MessageInitShape<typeof PutRequestSchema>) => unary(kvService.put, create(PutRequestSchema, init));

await serveOrders({ get: (key) => get({ key }), put: (key, value) => put({ key, value }) });
client.close();
await server.stop();
