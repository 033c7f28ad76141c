import { defineContract } from "@tenon/core";
import { Host, Plugin } from "../../gen/tenon/test/v1/pie_pb.js";

/** Two versions, whose only difference is the service behind a name. */
export const versions = defineContract({
  name: "pie-versions",
  cookie: { key: "PIE_TEST", value: "unused" },
  versions: { 2: { peer: Host }, 1: { peer: Plugin } },
});
