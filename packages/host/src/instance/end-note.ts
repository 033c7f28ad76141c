import type { InstanceLog } from "../logs/instance-log.js";
import type { StopOutcome } from "../stop/outcome.js";
import { formatExit } from "./loss.js";

/**
 * Writes the host's record of an instance's end. An end that was asked for and went well is nobody's concern: debug. So is the end of what is no
 * process here: its launcher tells of that.
 */
export function noteEnd(log: InstanceLog, outcome: StopOutcome, wasReady: boolean, isProcess: boolean): void {
  const { how, reason, exitCode, signal, elapsedMs } = outcome;
  const fields = { how, reason, exitCode, signal, elapsedMs };
  const exit = exitCode === null && signal === null ? "its end was not seen" : formatExit({ exitCode, signal });
  if (how === "detached" && reason === "connection-lost")
    log.note("warn", "the connection to the plugin was lost; the host let go of it, and it runs on", fields);
  else if (how === "detached") log.note("debug", "the host let go of the plugin, which runs on", fields);
  else if (!wasReady) log.note("debug", `the start was given up (${exit})`, fields);
  else if (how === "unkillable")
    log.note("error", "the plugin is still there after SIGKILL; the host lets go of it", fields);
  else if (reason === "connection-lost")
    log.note("error", `the plugin lost its connection and was stopped (${exit})`, fields);
  else if (how === "crashed") log.note("error", `the plugin ended unexpectedly with ${exit}`, fields);
  else if (how === "exited" && !isProcess) log.note("debug", "the plugin is not there any more", fields);
  else if (how === "exited") log.note("warn", `the plugin ended by itself (${exit})`, fields);
  else if (how === "killed") log.note("warn", `the plugin had to be killed (${exit})`, fields);
  else log.note("debug", `the plugin was stopped (${how}, ${exit})`, fields);
}
