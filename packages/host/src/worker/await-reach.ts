import type { MessagePort } from "node:worker_threads";
import { Code, ConnectError } from "@connectrpc/connect";
import { TenonError } from "@tenon/core";
import { streamFromPort } from "@tenon/wire/port";
import { settledWithin } from "../async/settle.js";
import { checkStreamLine } from "../handshake/check-stream-line.js";
import { formatExit } from "../instance/loss.js";
import type { ExitFacts } from "../launch/exit-facts.js";
import type { Reach } from "../launch/launcher.js";

/** How long the end of a thread may lag behind that of its ports, in milliseconds. */
const teardownMs = 2000;

/**
 * Waits for the handshake line, the first message on the port; the bytes of the channel follow. Rejects when the line is no good, the thread
 * ends before, or `signal` aborts.
 */
export async function awaitReach(port: MessagePort, exited: Promise<ExitFacts>, signal: AbortSignal): Promise<Reach> {
  let giveUp: (() => void) | undefined;
  const reach = new Promise<Reach>((onReach, onFailure) => {
    giveUp = () => onFailure(signal.reason);
    signal.addEventListener("abort", giveUp, { once: true });
    port.once("message", (line: unknown) => {
      try {
        onReach(readLine(port, line, exited));
      } catch (fault) {
        // A thread that fails before its line may say so on the port first; how it ends tells more.
        void settledWithin(exited, teardownMs).then((exit) =>
          onFailure(exit === undefined ? fault : exitedEarly(exit)),
        );
      }
    });
    void exited.then((exit) => onFailure(exitedEarly(exit)));
  });
  // Whoever gave up the start does not wait for it any more.
  reach.catch(() => {});
  try {
    return await reach;
  } catch (fault) {
    port.close();
    throw fault;
  } finally {
    signal.removeEventListener("abort", giveUp!);
  }
}

/** To be called within the event of the message: what follows it goes to whoever listens then. */
function readLine(port: MessagePort, text: unknown, exited: Promise<ExitFacts>): Reach {
  if (typeof text !== "string") {
    throw new TenonError("handshake-malformed", "the first message on its port is no handshake line");
  }
  const handshake = checkStreamLine(text);
  const stream = streamFromPort(port, { explainLoss: (error) => explainEnd(error, exited) });
  // It may fail before anybody listens to it.
  stream.on("error", () => {});
  return { kind: "stream", ...handshake, stream };
}

/** How a thread ended is known when its heap is gone, which comes after its ports and takes time where the heap was large. */
async function explainEnd(error: ConnectError, exited: Promise<ExitFacts>): Promise<Error> {
  const exit = await settledWithin(exited, teardownMs);
  return exit === undefined ? error : new ConnectError(`the thread ended with ${formatExit(exit)}`, Code.Unavailable);
}

function exitedEarly({ error, ...exit }: ExitFacts): TenonError {
  const code = "exited-before-handshake";
  if (error !== undefined)
    return new TenonError(code, `its thread ended before its handshake: ${error.message}`, { cause: error });
  const advice = exit.exitCode === 0 ? "; its file has to call runPlugin(plugin, import.meta)" : "";
  return new TenonError(code, `its thread ended with ${formatExit(exit)} before its handshake${advice}`);
}
