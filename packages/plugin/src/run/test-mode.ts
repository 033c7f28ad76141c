import { formatReattach } from "@tenon/core";
import type { Plugin } from "../implement.js";
import { createLogger } from "../log/logger.js";
import type { ServeOptions } from "../serve/serve-options.js";
import { servePlugin } from "../serve/serve-plugin.js";
import type { PluginCloseReason } from "../serve/serving.js";

/** How a plugin that is run by hand names itself to hosts. */
export interface TestModeOptions {
  /** Variable in which its hosts look. Default: `TENON_REATTACH`; a Terraform provider's is `TF_REATTACH_PROVIDERS`. */
  readonly variable?: string;
  /** Its name there. Default: the contract's; a Terraform provider's is its address in the registry. */
  readonly name?: string;
}

const signals: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Serves a plugin for hosts that attach, while a person runs it, under a debugger for instance: no cookie, no handshake line, nothing
 * redirected, any number of hosts one after the other. Prints how to attach, and ends on Ctrl-C. go-plugin: `ServeTestConfig`.
 */
export async function runInTestMode(
  plugin: Plugin,
  { variable = "TENON_REATTACH", name = plugin.contract.name }: TestModeOptions,
  options: ServeOptions,
): Promise<PluginCloseReason> {
  const logger = options.logger ?? createLogger({ name: plugin.contract.name });
  const exiting = new AbortController();
  const serving = await servePlugin(plugin, { ...options, logger, signal: exiting.signal });
  process.on("exit", () => exiting.abort());
  for (const signal of signals) process.once(signal, () => void serving.close({ drainTimeoutMs: 0 }));
  const json = formatReattach({
    [name]: {
      protocol: "grpc",
      protocolVersion: serving.version,
      pid: process.pid,
      test: true,
      address: { network: serving.network, string: serving.address },
      ...(options.environment?.["PLUGIN_CLIENT_CERT"] ? {} : { tls: "none" as const }),
    },
  });
  process.stderr.write(
    `The plugin "${plugin.contract.name}" runs in test mode: hosts attach to it and never end it; Ctrl-C does.\n` +
      "Start the host with this variable:\n\n",
  );
  process.stdout.write(`${variable}='${json.replaceAll("'", "'\\''")}'\n`);
  return serving.closed;
}
