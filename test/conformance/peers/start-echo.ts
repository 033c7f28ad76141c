import type { Host, StartOptions } from "@tenon/host";
import { haunted } from "../../fixtures/contracts.js";
import type { EchoClient } from "./echo-ends.js";

/** Starts a plugin that serves Echo and hands out our end of the connection to it; closing that stops the plugin. */
export async function startEcho(
  host: Host,
  command: readonly [string, ...string[]],
  options: StartOptions = {},
): Promise<EchoClient> {
  const session = await host.start(haunted, { process: command }, options);
  return {
    client: session.client("echo"),
    unknown: () => session.client("ghost").call({}),
    ping: () => session.ping(),
    close: () => session.stop(),
  };
}
