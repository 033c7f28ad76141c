import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import type { KV } from "../gen/kv_pb.js";

/** What the host keeps, by the name of the plugin and the key. */
export type Values = Map<string, Map<string, Uint8Array>>;

/** The store of one plugin: none sees what another has put. */
export function createStore(all: Values, plugin: string): ServiceImpl<typeof KV> {
  const values = all.get(plugin) ?? new Map<string, Uint8Array>();
  all.set(plugin, values);
  return {
    get({ key }) {
      const value = values.get(key);
      if (value === undefined) throw new ConnectError(`no value for ${key}`, Code.NotFound);
      return { value };
    },
    put({ key, value }) {
      values.set(key, value);
      return {};
    },
  };
}
