// Our end of the group launchers that calls: a host that starts the plugin by the launch given as JSON, and measures.
import { kv } from "@tenon/example-kv/contract";
import { createHost, type Host } from "@tenon/host";
import { serveOrders } from "../lib/client-loop.js";

const [json] = process.argv.slice(2);
if (json === undefined) throw new Error("usage: launch-client.js LAUNCH");
const launch = JSON.parse(json) as Parameters<Host["start"]>[1];

await using host = createHost();
const session = await host.start(kv, launch, { autoMtls: false });
const client = session.client("kv");
await serveOrders({ get: (key) => client.get({ key }), put: (key, value) => client.put({ key, value }) });
