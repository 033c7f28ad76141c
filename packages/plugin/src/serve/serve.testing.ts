import { connect, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { type Client, createClient } from "@connectrpc/connect";
import type { DescService } from "@bufbuild/protobuf";
import { createChannel } from "@tenon/wire";
import { implement } from "../implement.js";
import { echo, kv } from "../kv.testing.js";
import type { ServeOptions } from "./serve-options.js";
import { servePlugin } from "./serve-plugin.js";
import type { ServingPlugin } from "./serving.js";

/** A plugin of one service. */
export const plugin = implement(kv, { kv: echo });

/** Serves until the end of the test. */
export async function serve(
  t: TestContext,
  options: ServeOptions = {},
  served = plugin as Parameters<typeof servePlugin>[0],
) {
  const serving = await servePlugin(served, options);
  t.after(() => serving.destroy());
  return serving;
}

/** A client of one of its services, until the end of the test. */
export function open<S extends DescService>(t: TestContext, serving: ServingPlugin, service: S): Client<S> {
  const channel = createChannel(dial(serving));
  t.after(() => channel.destroy());
  return createClient(service, channel.transport);
}

/** Connects to it. */
export function dial({ network, address }: ServingPlugin): Socket {
  return network === "unix" ? connect(address) : connect(Number(address.split(":")[1]), "127.0.0.1");
}

/** Waits until something is so. */
export async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}
