import { implement } from "@tenon/plugin";
import { runPieProvider } from "@tenon/plugin/pie";
import { greeting } from "./contract.js";

const plugin = implement(greeting, {
  greeter: {
    sayHi: ({ value }) => ({ value: `Hi ${value}` }),
    add: ({ terms }) => ({ total: terms.reduce((total, term) => total + term, 0n) }),
  },
});

await runPieProvider(plugin, import.meta, { names: { "guide.v1.Greeter": "Plugin" } });
