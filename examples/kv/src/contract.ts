import { defineContract } from "@tenon/core";
import { KV } from "./gen/kv_pb.js";

/** What a host and a plugin of this story agree on. Cookie and version are those of go-plugin's own example. */
export const kv = defineContract({
  name: "kv",
  cookie: { key: "BASIC_PLUGIN", value: "hello" },
  versions: { 1: { kv: KV } },
});
