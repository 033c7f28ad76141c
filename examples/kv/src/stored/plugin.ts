import { hostServices, implement, runPlugin } from "@tenon/plugin";
import { storedKv } from "./contract.js";

const plugin = implement(storedKv, {
  kv: {
    get: ({ key }, context) => hostServices(storedKv, context).store.get({ key }),
    put: ({ key, value }, context) => hostServices(storedKv, context).store.put({ key, value }),
  },
});
export default plugin;
await runPlugin(plugin, import.meta);
