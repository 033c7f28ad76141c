// A plugin that dials in: node plugin.js [HOST:PORT]
import { kv } from "@tenon/example-kv/contract";
import { implement } from "@tenon/plugin";
import { runBind } from "@tenon/plugin/bind";

const values = new Map<string, Uint8Array>();
const plugin = implement(kv, {
  kv: {
    get: ({ key }) => ({ value: values.get(key) ?? new Uint8Array() }),
    put({ key, value }) {
      values.set(key, value);
      return {};
    },
  },
});

await runBind(plugin, { to: process.argv[2] ?? "127.0.0.1:7443", tokenFile: "token" });
