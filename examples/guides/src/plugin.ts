import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { createLogger, implement, runPlugin } from "@tenon/plugin";
import { words } from "./contract.js";
import { dictionary } from "./dictionary.js";
import type { Words } from "./gen/guide/v1/words_pb.js";

const logger = createLogger({ name: "words" });

const split = (text: string) => text.split(/\s+/).filter((word) => word !== "");

const service: ServiceImpl<typeof Words> = {
  count({ text }) {
    logger.debug("counting", { characters: text.length });
    return { words: split(text).length };
  },
  async *split({ text }, { signal }) {
    for (const word of split(text)) {
      if (signal.aborted) return;
      yield { text: word };
    }
  },
};

const plugin = implement(words, {
  1: { words: service },
  2: {
    words: service,
    spelling: {
      check({ text }) {
        if (!dictionary.has(text)) throw new ConnectError(`no such word: ${text}`, Code.NotFound);
        return {};
      },
    },
  },
});
export default plugin;

await runPlugin(plugin, import.meta, {
  logger,
  drainTimeoutMs: 1000,
  cleanUp: ({ kind }) => logger.info("good-bye", { kind }),
});
