import { isTenonError, TenonError } from "@tenon/core";
import { joinStreams } from "@tenon/wire";
import { settledWithin } from "../../async/settle.js";
import { findSocketPath } from "../../handshake/check-handshake.js";
import { checkStreamLine, type StreamHandshake } from "../../handshake/check-stream-line.js";
import type { FirstLine } from "../../handshake/line-collector.js";
import { readFirstLine } from "../../handshake/stdout-reader.js";
import { formatExit } from "../../instance/loss.js";
import { sweepSocket } from "../../sockets/sweep.js";
import { hostProcess } from "../host-process.js";
import type { Launcher, LaunchRequest, Reach } from "../launcher.js";
import type { ExitFacts } from "../exit-facts.js";
import { createSpawner, type StreamProcess } from "../spawner.js";

/** How long the end of the process and what it printed may lag behind each other. Less than the start waits for the reason. */
const exitLagMs = 200;

/**
 * The launcher of `{ stdio }`: a child process as ever, whose standard input and output are the connection. Its first line of output is
 * the handshake; what follows are the bytes of the channel.
 */
export function stdioLauncher(): Launcher {
  const spawn = createSpawner();
  return Object.freeze<Launcher>({
    name: "stdio",
    capabilities: Object.freeze({ isolation: "process" as const }),
    async start(request) {
      const startedAt = Date.now();
      const { process, file } = await spawn(request, "stream");
      const { firstLine, head } = readFirstLine(process.stdout);
      let strangeSocket: string | undefined;
      const reach = firstLine.then((first) => {
        // One that knows nothing of this has a socket, which nobody else would remove.
        if (first.kind === "line") strangeSocket = findSocketPath(first.text);
        return reachBy(process, first, request);
      });
      // It may fail while the start has failed for another reason already.
      reach.catch(() => {});
      return {
        pid: process.pid,
        file,
        stderr: process.stderr,
        reach,
        firstOutput: head,
        exited: process.exited,
        signal: (signal) => process.signalGroup(signal),
        release() {
          process.release();
          if (strangeSocket !== undefined) {
            sweepSocket(strangeSocket, { userId: hostProcess.userId(), madeAfter: startedAt });
          }
        },
      };
    },
  });
}

async function reachBy(process: StreamProcess, first: FirstLine, { signal }: LaunchRequest): Promise<Reach> {
  if (first.kind === "too-long") {
    throw new TenonError("handshake-too-long", "its first line of output is longer than 64 KiB");
  }
  if (first.kind === "closed" || !first.isComplete) throw await endFault(process, signal);
  let handshake: StreamHandshake;
  try {
    handshake = checkStreamLine(first.text);
  } catch (fault) {
    // What is no plugin mostly ends at once, and how it ended belongs to the error.
    if (isTenonError(fault, "handshake-malformed")) await settledWithin(process.exited, exitLagMs, signal);
    throw fault;
  }
  return { kind: "stream", stream: joinStreams(process.stdout, process.stdin), ...handshake };
}

/** The fault of a process that closed its output before its line was whole. */
async function endFault(process: StreamProcess, signal: AbortSignal): Promise<TenonError> {
  const exit: ExitFacts | undefined = await settledWithin(process.exited, exitLagMs, signal);
  return exit === undefined
    ? new TenonError("stdout-closed", "it closed its standard output without a handshake line and kept running")
    : new TenonError("exited-before-handshake", `it ended with ${formatExit(exit)} before its handshake line`);
}
