import { implement } from "@tenon/plugin";
import { runPieProvider } from "@tenon/plugin/pie";
import { examples } from "../contracts.js";

const plugin = implement(examples, {
  hi: { sayHi: ({ value }) => ({ value: `Hi ${value}` }) },
  bye: { sayBye: ({ value }) => ({ value: `Bye ${value}` }) },
});
await runPieProvider(plugin, import.meta);
