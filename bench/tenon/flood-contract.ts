import { defineContract } from "@tenon/core";
import { Flood } from "../gen/flood_pb.js";
import { Load } from "../gen/load_pb.js";

/** Calls, and log records beside them. */
export const flood = defineContract({
  name: "flood",
  cookie: { key: "TENON_BENCH_FLOOD", value: "flood" },
  versions: { 1: { load: Load, flood: Flood } },
});
