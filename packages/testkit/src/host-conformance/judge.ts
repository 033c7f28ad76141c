import { broken, held, type Verdict } from "../conformance/check.js";
import type { HostRun } from "./run-host.js";

/** How a host ended, in words. */
export function describeRun({ exit, output, elapsedMs }: HostRun): string {
  if (exit === undefined) return `it had not ended after ${Math.round(elapsedMs)} ms`;
  const how = exit.signal === null ? `exit code ${exit.code}` : `signal ${exit.signal}`;
  const words = output.trim();
  return `${how}${words === "" ? ", without a word" : `: ${words.slice(-300)}`}`;
}

/** The host worked with the probe and ended with 0. */
export function worked(run: HostRun): Verdict {
  const isConnected = run.events.some(({ event }) => event === "connected");
  if (run.exit?.code !== 0) return broken(describeRun(run));
  return isConnected ? held("it worked") : broken("it never spoke HTTP/2 with the plugin");
}

/** The host did not go on with the probe, and ended with something else than 0. */
export function refused(run: HostRun): Verdict {
  if (run.probeEnv === undefined) return broken("it did not start the plugin");
  const calls = run.events.flatMap((event) => (event.event === "call" ? [event.path] : []));
  if (calls.length > 0) return broken(`it called ${calls[0]}`);
  if (run.exit === undefined || run.exit.code === 0) return broken(describeRun(run));
  return held(describeRun(run));
}

/** Paths that the host has called. */
export function callsOf(run: HostRun): string[] {
  return run.events.flatMap((event) => (event.event === "call" ? [event.path] : []));
}
