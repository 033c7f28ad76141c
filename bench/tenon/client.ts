// Our end that calls: a host that starts the plugin given as arguments and measures.
import { kv } from "@tenon/example-kv/contract";
import { createHost } from "@tenon/host";
import { serveOrders } from "../lib/client-loop.js";

const [command, ...args] = process.argv.slice(2);
if (command === undefined) throw new Error("usage: client.js COMMAND [ARGUMENT…]");

await using host = createHost();
const session = await host.start(kv, { process: [command, ...args] }, { autoMtls: false });
const client = session.client("kv");
await serveOrders({ get: (key) => client.get({ key }), put: (key, value) => client.put({ key, value }) });
