import { createHost } from "@tenon/host";
import { greeting } from "./contract.js";

/** Starts a provider, and asks it for two things. */
export async function callProvider(command: readonly [string, ...string[]]) {
  await using host = createHost();
  const session = await host.start(greeting, { pie: command, names: { "guide.v1.Greeter": "Plugin" } });
  const greeter = session.client("greeter");
  const { value } = await greeter.sayHi({ value: "Ann" }, { timeoutMs: 5000 });
  const { total } = await greeter.add({ terms: [9007199254740993n, -1n] }, { timeoutMs: 5000 });
  return { value, total };
}

/** Starts a consumer, and waits until it has done its work. */
export async function serveConsumer(command: readonly [string, ...string[]], onLog: (text: string) => void) {
  await using host = createHost({ log: ({ message }) => onLog(message) });
  const names = { find: ({ value }: { value: string }) => ({ value: value === "first" ? "Adam" : "nobody" }) };
  const session = await host.start(greeting, { pie: command, mode: "consumer" }, { hostServices: { names } });
  return await session.closed;
}
