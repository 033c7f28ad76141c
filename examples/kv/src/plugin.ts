import { implement, runPlugin } from "@tenon/plugin";
import { kv } from "./contract.js";
import { readValue, writeValue } from "./values.js";

const plugin = implement(kv, {
  kv: {
    get: ({ key }) => ({ value: readValue(key) }),
    put: ({ key, value }) => writeValue(key, value),
  },
});
export default plugin;
await runPlugin(plugin, import.meta);
