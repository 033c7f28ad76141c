import { defineContract } from "@tenon/core";
import { Host, Host2, Peer, Plugin, Plugin2 } from "../../gen/tenon/test/v1/pie_pb.js";

const cookie = { key: "PIE_TEST", value: "unused" };

/** What pie's own example of a provider serves. */
export const examples = defineContract({
  name: "pie-examples",
  cookie,
  versions: { 1: { hi: Plugin, bye: Plugin2 } },
  hostServices: { host: Host, host2: Host2 },
});

/** What the programs in go/ serve. */
export const peers = defineContract({
  name: "pie-peers",
  cookie,
  versions: { 1: { peer: Peer } },
  hostServices: { host: Host },
});
