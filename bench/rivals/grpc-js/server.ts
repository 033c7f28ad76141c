import { create } from "@bufbuild/protobuf";
import { type handleUnaryCall, Server, ServerCredentials, status } from "@grpc/grpc-js";
import {
  type Empty,
  EmptySchema,
  type GetRequest,
  type GetResponse,
  GetResponseSchema,
  type PutRequest,
} from "@tenon/example-kv/proto";
import { serveUntilStdinEnds } from "../../lib/server-process.js";
import { kvService } from "./service.js";

const values = new Map<string, Uint8Array>();

const get: handleUnaryCall<GetRequest, GetResponse> = ({ request }, answer) => {
  const value = values.get(request.key);
  if (value) answer(null, create(GetResponseSchema, { value }));
  else answer({ code: status.NOT_FOUND, details: `no value for ${request.key}` });
};
const put: handleUnaryCall<PutRequest, Empty> = ({ request }, answer) => {
  values.set(request.key, request.value);
  answer(null, create(EmptySchema));
};

const server = new Server();
server.addService(kvService, { get, put });
await serveUntilStdinEnds(
  (path) =>
    new Promise((resolve, reject) => {
      server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      );
    }),
);
