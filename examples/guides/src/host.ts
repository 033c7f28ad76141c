import { Code, ConnectError } from "@connectrpc/connect";
import { isTenonError } from "@tenon/core";
import { createHost, startFactsOf } from "@tenon/host";
import { words } from "./contract.js";

const command = process.argv.slice(2);
const launch = { process: ["node", ...command] } as const;

await using host = createHost({
  log: ({ level, plugin, message }) => console.error(`${level} ${plugin}: ${message}`),
});

try {
  const session = await host.start(words, launch, { startTimeoutMs: 10_000 });
  void session.closed.then(({ how, reason }) => console.log(`ended: ${how}, ${reason}`));

  const client = session.client("words");
  const { words: count } = await client.count({ text: "a host calls a plugin" }, { timeoutMs: 500 });
  console.log(`${count} words, version ${session.version}`);

  for await (const { text } of client.split({ text: "one two three" })) console.log(text);

  if (session.version >= 2) {
    try {
      await session.client("spelling").check({ text: "tennon" });
    } catch (error) {
      if (!(error instanceof ConnectError) || error.code !== Code.NotFound) throw error;
      console.log(error.rawMessage);
    }
  }

  const { exitCode, steps } = await session.stop({ terminateTimeoutMs: 500 });
  console.log(`exit code ${exitCode} after ${steps.map(({ step }) => step).join(", ")}`);
} catch (error) {
  if (!isTenonError(error)) throw error;
  console.log(`${error.code}: ${startFactsOf(error)?.probableCause ?? error.message}`);
  process.exitCode = 1;
}
