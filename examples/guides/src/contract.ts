import { defineContract } from "@tenon/core";
import { Spelling, Words } from "./gen/guide/v1/words_pb.js";

export const words = defineContract({
  name: "words",
  cookie: { key: "WORDS_PLUGIN", value: "c1f0a2" },
  versions: {
    1: { words: Words },
    2: { words: Words, spelling: Spelling },
  },
});
