import { once } from "node:events";
import { connect as connectSocket, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createChannel } from "@tenon/wire";
import {
  type ClientCompatRequest,
  ClientCompatRequestSchema,
  ClientCompatResponseSchema,
  Compression,
  ConformanceService,
} from "../../gen/connectrpc/conformance/v1/conformance_pb.js";
import { makeCall } from "./calls.js";
import { formatFramed, readFramed } from "./framing.js";

// The client under test: makes the calls that come on its standard input, and tells on its output how each went.

const maxCalls = 16;

async function dial({ host, port, serverTlsCert, clientTlsCreds }: ClientCompatRequest): Promise<Socket> {
  if (serverTlsCert.length === 0) {
    const socket = connectSocket({ host, port, noDelay: true });
    await once(socket, "connect");
    return socket;
  }
  const creds = clientTlsCreds && { cert: Buffer.from(clientTlsCreds.cert), key: Buffer.from(clientTlsCreds.key) };
  const socket = connectTls({ host, port, ca: Buffer.from(serverTlsCert), ALPNProtocols: ["h2"], ...creds });
  await once(socket, "secureConnect");
  return socket;
}

/** Each call has a connection of its own: the runner's server breaks some of them. */
async function answer(request: ClientCompatRequest): Promise<MessageInitShape<typeof ClientCompatResponseSchema>> {
  const { testName, messageReceiveLimit, compression } = request;
  try {
    const socket = await dial(request);
    const limit = messageReceiveLimit === 0 ? {} : { maxReceiveMessageBytes: messageReceiveLimit };
    const sendCompression = compression === Compression.GZIP ? "gzip" : "identity";
    const channel = createChannel(socket, { sendCompression, minCompressBytes: 0, ...limit });
    try {
      const response = await makeCall(createClient(ConformanceService, channel.transport), request);
      return { testName, result: { case: "response", value: response } };
    } finally {
      channel.destroy();
      socket.destroy();
    }
  } catch (error) {
    return { testName, result: { case: "error", value: { message: String((error as Error).stack) } } };
  }
}

const underWay = new Set<Promise<void>>();
for await (const bytes of readFramed(process.stdin)) {
  while (underWay.size >= maxCalls) await Promise.race(underWay);
  const call = answer(fromBinary(ClientCompatRequestSchema, bytes)).then((response) => {
    underWay.delete(call);
    process.stdout.write(
      formatFramed(toBinary(ClientCompatResponseSchema, create(ClientCompatResponseSchema, response))),
    );
  });
  underWay.add(call);
}
