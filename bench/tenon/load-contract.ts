import { defineContract } from "@tenon/core";
import { Load } from "../gen/load_pb.js";

/** What hosts and plugins under load agree on; the Go programs have the same in `rivals/go/load`. */
export const load = defineContract({
  name: "load",
  cookie: { key: "TENON_BENCH_LOAD", value: "load" },
  versions: { 1: { load: Load } },
});
