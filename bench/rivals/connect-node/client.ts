import { connect } from "node:net";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { KV } from "@tenon/example-kv/proto";
import { serveOrders } from "../../lib/client-loop.js";
import { startServer } from "../../lib/server-process.js";

const server = await startServer(import.meta.url);
const baseUrl = "http://localhost";
const sessionManager = new Http2SessionManager(baseUrl, {}, { createConnection: () => connect(server.path) });
const client = createClient(KV, createGrpcTransport({ baseUrl, sessionManager }));

await serveOrders({ get: (key) => client.get({ key }), put: (key, value) => client.put({ key, value }) });
sessionManager.abort();
await server.stop();
