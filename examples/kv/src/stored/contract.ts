import { defineContract } from "@tenon/core";
import { KV } from "../gen/kv_pb.js";

/** The contract of the example, whose plugins keep their values with the host: it serves them a KV, too. */
export const storedKv = defineContract({
  name: "kv",
  cookie: { key: "BASIC_PLUGIN", value: "hello" },
  versions: { 1: { kv: KV } },
  hostServices: { store: KV },
});
