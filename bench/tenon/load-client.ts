// Our end of the group streams that calls: a host that starts the plugin given as arguments.
import { createHost } from "@tenon/host";
import { serveLoad } from "../lib/load-client.js";
import { load } from "./load-contract.js";

const [command, ...args] = process.argv.slice(2);
if (command === undefined) throw new Error("usage: load-client.js COMMAND [ARGUMENT…]");

await using host = createHost();
const session = await host.start(load, { process: [command, ...args] }, { autoMtls: false });
await serveLoad({ pid: process.pid, serverPid: session.pid }, session.client("load"));
