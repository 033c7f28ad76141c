import { defineContract } from "@tenon/core";
import { Importer } from "../gen/guide/v1/callbacks_pb.js";

export const importing = defineContract({
  name: "importing",
  cookie: { key: "IMPORT_PLUGIN", value: "5b9d" },
  versions: { 1: { importer: Importer } },
});
