import { implement, runPlugin } from "@tenon/plugin";
import { kv } from "./contract.js";
import { readValue, writeValue } from "./values.js";

const plugin = implement(kv, {
  kv: {
    get: async ({ key }) => ({ value: await readValue(key) }),
    put: async ({ key, value }) => {
      await writeValue(key, value);
      return {};
    },
  },
});
export default plugin;
await runPlugin(plugin, import.meta);
