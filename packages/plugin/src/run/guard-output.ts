import { isMainThread } from "node:worker_threads";
import { redirectOutput } from "./redirection.js";
import { findWorkerData } from "./worker-data.js";

/** Variables that every host sets, whatever its age. */
const hostSets = ["PLUGIN_PROTOCOL_VERSIONS", "PLUGIN_MIN_PORT"];

/** Whether a host started this process, as far as its environment tells; the cookie is another question. */
export function isStartedByHost(variables: Readonly<Record<string, string | undefined>>): boolean {
  return hostSets.some((name) => variables[name] !== undefined);
}

/** Redirects the output of this process if a host started it as a plugin; does nothing elsewhere. */
export function guardOutput(): void {
  const isOurs = isMainThread || findWorkerData() !== undefined;
  if (isOurs && isStartedByHost(process.env)) redirectOutput();
}
