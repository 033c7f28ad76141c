import { connect } from "node:net";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { Load } from "../../gen/load_pb.js";
import { startServer } from "../../lib/server-process.js";
import { serveLoad } from "../../lib/load-client.js";

const server = await startServer(import.meta.url, "load-server.js");
const baseUrl = "http://localhost";
const sessionManager = new Http2SessionManager(baseUrl, {}, { createConnection: () => connect(server.path) });
const client = createClient(Load, createGrpcTransport({ baseUrl, sessionManager }));

await serveLoad({ pid: process.pid, serverPid: server.pid }, client);
sessionManager.abort();
await server.stop();
