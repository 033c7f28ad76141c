import { runPieConsumer } from "@tenon/plugin/pie";
import { Names } from "../gen/guide/v1/greeter_pb.js";

await runPieConsumer(import.meta, async (host) => {
  const { value } = await host.client(Names).find({ value: "first" }, { timeoutMs: 1000 });
  console.log(`the host calls it ${value}`);
});
