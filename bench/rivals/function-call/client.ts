// The floor of an inline plugin: the store is a function of this module, called and awaited.
import { serveOrders } from "../../lib/client-loop.js";

const values = new Map<string, Uint8Array>();

await serveOrders({
  get: async (key) => {
    const value = values.get(key);
    if (value === undefined) throw new Error(`no value for ${key}`);
    return { value };
  },
  put: async (key, value) => void values.set(key, value),
});
