import { createClient } from "@connectrpc/connect";
import { brokerKey, implement, runPlugin } from "@tenon/plugin";
import { Cursor, Progress } from "../gen/guide/v1/callbacks_pb.js";
import { importing } from "./contract.js";

const plugin = implement(importing, {
  importer: {
    async import({ progressId }, { values, signal }) {
      const broker = values.get(brokerKey);
      await using channel = await broker.dial(progressId, { signal });
      const progress = createClient(Progress, channel.transport);
      let lines = 0;
      for (const percent of [0, 50, 100]) {
        const { stop } = await progress.report({ percent }, { signal });
        if (stop) break;
        lines = percent * 10;
      }
      return { lines };
    },
    async open(_request, { values }) {
      let number = 0;
      const cursor = await values.get(brokerKey).serve((server) => {
        server.add(Cursor, { next: () => ({ number: ++number }) });
      });
      return { cursorId: cursor.id };
    },
  },
});
export default plugin;

await runPlugin(plugin, import.meta);
