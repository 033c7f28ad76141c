import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { GRPCStdio, StdioData_Channel } from "@tenon/core";
import { createClient } from "@tenon/wire";
import type { InstanceLog } from "../logs/instance-log.js";

/** Codes by which a plugin says that it has no such service, or that the connection has ended. */
const quietCodes: ReadonlySet<Code> = new Set([Code.Unimplemented, Code.Unavailable, Code.Canceled]);

/**
 * Reads what the plugin's code prints (GRPCStdio) into the log until the stream ends. It begins at once: a plugin's prints
 * block when nobody reads them. A plugin without that service is left in peace. Never rejects.
 */
export async function forwardStdio(transport: Transport, log: InstanceLog, signal: AbortSignal): Promise<void> {
  const stdout = log.openStdio("stdout");
  const stderr = log.openStdio("stderr");
  try {
    for await (const { channel, data } of createClient(GRPCStdio, transport).streamStdio({}, { signal })) {
      if (channel === StdioData_Channel.STDOUT) stdout.write(data);
      else if (channel === StdioData_Channel.STDERR) stderr.write(data);
      else log.note("debug", "dropped output of the plugin on an unknown channel", { channel, bytes: data.length });
    }
  } catch (error) {
    const isQuiet = signal.aborted || (error instanceof ConnectError && quietCodes.has(error.code));
    if (!isQuiet) log.note("warn", `the plugin's printed output is no longer received: ${String(error)}`);
  } finally {
    stdout.end();
    stderr.end();
  }
}
