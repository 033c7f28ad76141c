// A process full of those who dial in: plugins, connections that do not go on, and calls that never say Hello. Told what to do by its parent.
import { once } from "node:events";
import { connect } from "node:net";
import { kv } from "@tenon/example-kv/contract";
import { Bind } from "@tenon/core/bind";
import { createLogger, implement } from "@tenon/plugin";
import { bindPlugin } from "@tenon/plugin/bind";
import { connectSocket, createChannel, createClient } from "@tenon/wire";
import type { Order } from "./orders.js";

/** Calls that never say Hello, on each connection. */
const callsPerConnection = 50;

const logger = createLogger({ name: "crowd", write: () => {} });
const say = (message: object): void => void process.send?.(message);
const alone = once(process, "disconnect");

process.on("message", (order: Order) => {
  const [host = "", port = ""] = order.to.split(":");
  if (order.what === "plugins") void bindMany(order);
  else if (order.what === "connections") connectMany(host, Number(port), order.count);
  else void attachMany(host, Number(port), order.count);
});

async function bindMany({ to, first, count }: Extract<Order, { what: "plugins" }>): Promise<void> {
  const bindOne = (number: number) => {
    // Each answers with its own number.
    const plugin = implement(kv, { kv: { get: () => ({ value: Buffer.from(String(number)) }), put: () => ({}) } });
    const onEvent = ({ type }: { type: string }) => type !== "bound" && say({ event: type, number });
    return bindPlugin(plugin, {
      to,
      name: "crowd",
      instance: `c-${number}`,
      logger,
      welcomeTimeoutMs: 60_000,
      onEvent,
    });
  };
  await Promise.all(Array.from({ length: count }, (_, i) => bindOne(first + i)));
  say({ done: true });
}

function connectMany(host: string, port: number, count: number): void {
  let ended = 0;
  for (let i = 0; i < count; i++) {
    const socket = connect(port, host);
    socket.on("error", () => {}).on("close", () => ++ended === count && say({ done: true }));
    socket.resume();
    // The beginning of HTTP/2. What the kernel has dropped from a full backlog learns of it only when it says something.
    socket.write("PRI * HTTP");
  }
}

async function attachMany(host: string, port: number, count: number): Promise<void> {
  const codes: Record<string, number> = {};
  const connections = Math.ceil(count / callsPerConnection);
  await Promise.all(
    Array.from({ length: connections }, async (_, i) => {
      const channel = createChannel(connectSocket({ host, port }));
      const bind = createClient(Bind, channel.transport);
      const calls = Math.min(callsPerConnection, count - i * callsPerConnection);
      await Promise.all(
        Array.from({ length: calls }, async () => {
          const code = await readRefusal(bind.attach(never()));
          codes[code] = (codes[code] ?? 0) + 1;
        }),
      );
      channel.destroy();
    }),
  );
  say({ done: true, codes });
}

async function readRefusal(
  answers: ReturnType<ReturnType<typeof createClient<typeof Bind>>["attach"]>,
): Promise<string> {
  try {
    for await (const { frame } of answers) if (frame.case === "reject") return frame.value.code;
    return "no word";
  } catch (error) {
    return String(error);
  }
}

async function* never(): AsyncGenerator<object> {
  await alone;
  yield {};
}
