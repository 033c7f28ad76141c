import { createHost } from "@tenon/host";
import { kv } from "./contract.js";

await using host = createHost();
const session = await host.start(kv, { process: ["node", `${import.meta.dirname}/plugin.js`] });
const store = session.client("kv");

await store.put({ key: "hello", value: new TextEncoder().encode("world") });
const { value } = await store.get({ key: "hello" });
console.log(new TextDecoder().decode(value));
