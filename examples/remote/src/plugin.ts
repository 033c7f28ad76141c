// The plugin as it is everywhere: a host can start this file too.
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { kv } from "@tenon/example-kv/contract";
import { callInfo, createLogger, implement, runPlugin } from "@tenon/plugin";

export const logger = createLogger({ name: "store" });
const values = new Map<string, Uint8Array>();

/** How long the value of the key "slow" takes, in milliseconds: long enough for something to happen meanwhile. */
const slowMs = 500;

const plugin = implement(kv, {
  kv: {
    async get({ key }, context) {
      logger.info(`asked for ${key}`, { call_id: callInfo(context).id });
      if (key === "slow") await sleep(slowMs, undefined, { signal: context.signal });
      const value = values.get(key);
      if (value === undefined) throw new ConnectError(`no value for ${key}`, Code.NotFound);
      return { value };
    },
    put({ key, value }, context) {
      logger.info(`stored ${key}`, { bytes: value.length, call_id: callInfo(context).id });
      values.set(key, value);
      return {};
    },
  },
});
export default plugin;
await runPlugin(plugin, import.meta);
