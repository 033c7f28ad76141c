import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createServer } from "@tenon/wire";
import {
  ConformanceService,
  ServerCompatRequestSchema,
  ServerCompatResponseSchema,
} from "../../gen/connectrpc/conformance/v1/conformance_pb.js";
import { serverTls, serveTcp } from "../peers/serve-tcp.js";
import { formatFramed, readFramed } from "./framing.js";
import { conformanceService } from "./service.js";

// The server under test: listens as its standard input says and tells where, until a signal ends it.

for await (const bytes of readFramed(process.stdin)) {
  const { useTls, serverCreds, clientTlsCert, messageReceiveLimit } = fromBinary(ServerCompatRequestSchema, bytes);
  const limit = messageReceiveLimit === 0 ? {} : { maxReceiveMessageBytes: messageReceiveLimit };
  const server = createServer({ sendCompression: "gzip", minCompressBytes: 0, ...limit });
  server.add(ConformanceService, conformanceService);
  const creds = useTls ? serverCreds : undefined;
  const pem = (text: Uint8Array) => Buffer.from(text).toString("utf8");
  const tls = creds && {
    ...serverTls({ certPem: pem(creds.cert), keyPem: pem(creds.key) }),
    ...(clientTlsCert.length === 0 ? {} : { requestCert: true, rejectUnauthorized: true, ca: pem(clientTlsCert) }),
  };
  const { port } = await serveTcp(server, tls);
  const where = create(ServerCompatResponseSchema, {
    host: "127.0.0.1",
    port,
    ...(creds === undefined ? {} : { pemCert: creds.cert }),
  });
  process.stdout.write(formatFramed(toBinary(ServerCompatResponseSchema, where)));
}
