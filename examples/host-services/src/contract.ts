import { defineContract } from "@tenon/core";
import { Database, Loyalty } from "./gen/shop/v1/shop_pb.js";

export const shop = defineContract({
  name: "shop",
  cookie: { key: "SHOP_PLUGIN", value: "b81c" },
  versions: { 1: { loyalty: Loyalty } },
  hostServices: { database: Database },
});
