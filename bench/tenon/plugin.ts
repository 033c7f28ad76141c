// Our end that answers: a plugin whose store lives in memory.
import { Code, ConnectError } from "@connectrpc/connect";
import { kv } from "@tenon/example-kv/contract";
import { implement, runPlugin } from "@tenon/plugin";

const values = new Map<string, Uint8Array>();

const plugin = implement(kv, {
  kv: {
    get: ({ key }) => {
      const value = values.get(key);
      if (!value) throw new ConnectError(`no value for ${key}`, Code.NotFound);
      return { value };
    },
    put: ({ key, value }) => {
      values.set(key, value);
      return {};
    },
  },
});
export default plugin;
await runPlugin(plugin, import.meta);
