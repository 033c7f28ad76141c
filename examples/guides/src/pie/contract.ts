import { defineContract } from "@tenon/core";
import { Greeter, Names } from "../gen/guide/v1/greeter_pb.js";

export const greeting = defineContract({
  name: "greeting",
  cookie: { key: "GREETING_PLUGIN", value: "unused by pie" },
  versions: { 1: { greeter: Greeter } },
  hostServices: { names: Names },
});
