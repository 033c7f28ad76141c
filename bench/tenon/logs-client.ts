// Our end of the group logs: a host with two plugins of one kind, of which one logs.
import { createHost, type LogRecord, type Session } from "@tenon/host";
import type { LogsAnswer, LogsOrder } from "../lib/log-order.js";
import { measure } from "../lib/measure.js";
import { answerOrders } from "../lib/orders.js";
import { nodeProgram } from "../lib/programs.js";
import { flood } from "./flood-contract.js";
import { listen } from "./listen.js";

type FloodSession = Session<typeof flood.versions>;

const settleMs = 20_000;
const value = new Uint8Array(64).fill(7);

let taken = 0;
/** What standard error has lost, as its records say. */
let lost = 0;
const log = ({ plugin, message, fields }: LogRecord) => {
  if (plugin !== "loud") return;
  if (message.startsWith("x")) taken++;
  else lost += Number(fields["dropped"] ?? 0);
};

await using host = createHost({ log });
const kind = process.argv[2]!;
const listening = kind === "bind" ? await listen(host, flood) : undefined;
const open = (name: string): Promise<FloodSession> =>
  listening === undefined
    ? host.start(flood, { process: nodeProgram("tenon/flood-plugin") as [string, string] }, { autoMtls: false, name })
    : listening.open("tenon/flood-bind-plugin", name);
const [loud, neighbour] = [await open("loud"), await open("neighbour")];

const dropped = () => listening?.listener.plugins().find(({ plugin }) => plugin === "loud")?.logs.dropped ?? lost;

/** Has the plugin log, or end to; gives what it has logged so far. */
async function order(recordsPerSecond: number, recordBytes: number): Promise<number> {
  return Number((await loud.client("flood").log({ recordsPerSecond, recordBytes })).offered);
}

/** Waits until every record that was offered is accounted for, or nothing moves any more. */
async function settle(offered: number, since: { readonly taken: number; readonly dropped: number }): Promise<void> {
  const end = performance.now() + settleMs;
  while (taken - since.taken + dropped() - since.dropped < offered && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

await answerOrders({ ready: true }, async (asked): Promise<LogsAnswer> => {
  const { recordsPerSecond, recordBytes, callers, seconds, warmUpSeconds, neighbour: beside } = asked as LogsOrder;
  const client = (beside ? neighbour : loud).client("load");
  const call = () => client.echo({ value });
  const since = { taken, dropped: dropped() };
  const before = await order(recordBytes === 0 ? 0 : recordsPerSecond, recordBytes);
  const beganAt = performance.now();
  await measure(call, { callers, seconds: warmUpSeconds });
  const measured = await measure(call, { callers, seconds });
  const offered = (await order(0, 0)) - before;
  const floodSeconds = (performance.now() - beganAt) / 1000;
  await settle(offered, since);
  return { ...measured, offered, taken: taken - since.taken, dropped: dropped() - since.dropped, floodSeconds };
});
await listening?.stop();
