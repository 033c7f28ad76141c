import { createInterface } from "node:readline";
import { createLogger, type Logger, type Plugin } from "@tenon/plugin";
import { type BindOptions, bindPlugin } from "@tenon/plugin/bind";

/**
 * The life of a process that dials in: binds the plugin once for each line on its stdin, with the options of its first argument, and ends
 * when stdin does. What it logs goes over the link alone.
 */
export async function dialIn(plugin: Plugin, logger: Logger = createLogger({ level: "error" })): Promise<never> {
  const options = JSON.parse(process.argv[2]!) as BindOptions;
  for await (const _ of createInterface({ input: process.stdin })) await bindPlugin(plugin, { ...options, logger });
  process.exit(0);
}
