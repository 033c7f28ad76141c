import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Served, ServedEnd } from "../offer.js";
import type { Child } from "./child.js";
import { describeExit } from "./child-exit.js";
import { pump } from "./pump.js";

/** How long the end of a process may come after that of its connection, and the last bytes may take, in milliseconds. */
const graceMs = 500;

/**
 * Serves a link with a program that is connected by `socket`. Its calls cannot be seen from here: while it drains the host, which makes
 * them, says when the last one has ended. A host that does not is left when the time is over.
 */
export function serveChild(
  child: Child,
  link: Duplex,
  socket: Duplex,
  goodbye: (reason: string, mayReturn: boolean) => void,
): Served {
  const socketClosed = pump(link, socket);
  let timer: NodeJS.Timeout | undefined;
  let drained = true;
  link.once("close", () => clearTimeout(timer));

  const watch = async (): Promise<ServedEnd> => {
    await socketClosed;
    if (link.destroyed) return { kind: "ended", reason: "the link has ended", drained };
    const exit = await Promise.race([child.exited, sleep(graceMs)]);
    const reason =
      exit === undefined ? "the plugin closed its connection" : `the plugin ended with ${describeExit(exit)}`;
    goodbye(reason, exit === undefined);
    await finishLink(link);
    return exit === undefined ? { kind: "ended", reason, drained } : { kind: "exited", reason, drained: false };
  };

  return {
    ended: watch(),
    drain(timeoutMs) {
      drained = false;
      timer ??= setTimeout(() => link.destroy(), timeoutMs);
    },
    drained() {
      if (timer === undefined || link.destroyed) return;
      drained = true;
      link.destroy();
    },
  };
}

/** Lets the last bytes of the plugin go out. */
async function finishLink(link: Duplex): Promise<void> {
  if (!link.writableFinished && !link.destroyed) {
    const finished = new Promise<void>((resolve) => {
      link.once("finish", resolve);
      link.once("close", resolve);
    });
    link.end();
    await Promise.race([finished, sleep(graceMs)]);
  }
  link.destroy();
}
