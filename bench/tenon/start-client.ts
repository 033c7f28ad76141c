// A host that starts the plugins it is told to, and times each until its first answer.
import { kv } from "@tenon/example-kv/contract";
import { createHost } from "@tenon/host";
import { answerOrders } from "../lib/orders.js";
import type { StartAnswer, StartOrder } from "../lib/start-loop.js";

const value = new Uint8Array(64).fill(7);

await using host = createHost();
await answerOrders({ ready: true }, async (order): Promise<StartAnswer> => {
  const { command, autoMtls } = order as StartOrder;
  const startedAt = performance.now();
  const session = await host.start(kv, { process: command as [string, ...string[]] }, { autoMtls });
  await session.client("kv").put({ key: "key", value });
  const milliseconds = performance.now() - startedAt;
  await session.stop();
  return { milliseconds };
});
