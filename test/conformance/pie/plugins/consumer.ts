import { createLogger } from "@tenon/plugin";
import { runPieConsumer } from "@tenon/plugin/pie";
import { ConnectError } from "@connectrpc/connect";
import { Host, Plugin2 } from "../../../gen/tenon/test/v1/pie_pb.js";

const logger = createLogger();

/** Says to the host what its arguments say; "stay" stays until the host wants it to end, "fail" fails, "print" prints. */
await runPieConsumer(import.meta, async (host) => {
  const client = host.client(Host);
  for (const value of process.argv.slice(2)) {
    if (value === "stay") {
      logger.info("staying");
      await new Promise((resolve) => host.signal.addEventListener("abort", resolve));
    }
    if (value === "fail") throw new Error("the work has failed");
    if (value === "print") process.stdout.write("printed by the consumer\n");
    const reply = await client.sayHi({ value }).catch((error: unknown) => error);
    logger.info(
      reply instanceof ConnectError ? `error: ${reply.message}` : `reply: ${(reply as { value: string }).value}`,
    );
  }
  const unknown = await host
    .client(Plugin2)
    .sayBye({})
    .catch((error: unknown) => ConnectError.from(error).message);
  logger.info(`unknown: ${JSON.stringify(unknown)}`);
});
