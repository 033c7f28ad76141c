import { implement, runPlugin } from "@tenon/plugin";
import { words } from "../contract.js";

/** What was counted in the last minute. */
const counted = new Map<string, number>();
const forgetting = setInterval(() => counted.clear(), 60_000);

const plugin = implement(words, {
  1: {
    words: {
      count({ text }) {
        const known = counted.get(text) ?? text.split(" ").length;
        counted.set(text, known);
        return { words: known };
      },
      async *split({ text }) {
        for (const word of text.split(" ")) yield { text: word };
      },
    },
  },
});
export default plugin;

/** Ends what this file has begun. */
export function dispose(): void {
  clearInterval(forgetting);
}

await runPlugin(plugin, import.meta, { cleanUp: dispose });
