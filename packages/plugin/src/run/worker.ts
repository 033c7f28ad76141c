import type { Duplex } from "node:stream";
import { TenonError } from "@tenon/core";
import { streamFromPort } from "@tenon/wire/port";
import type { Logger } from "../log/logger.js";
import { startPulse } from "./worker-pulse.js";
import { findWorkerData, type WorkerData } from "./worker-data.js";

/** A thread that a host started to run a plugin in. */
export interface WorkerThread {
  /** Carries the channel; the handshake line goes ahead of it. */
  readonly stream: Duplex;
  /** Sends the handshake line. */
  sendLine(line: string): void;
  /** Calls `close` when the host asks the thread to end, with a sentence. */
  watchHost(close: (why: string) => void): void;
}

/**
 * Takes over this thread for a plugin: from now on it notes the turns of its event loop and watches its memory.
 *
 * @throws {@link TenonError} `environment-invalid` where no host has given it a port
 */
export function takeWorkerThread(plugin: string, logger: Logger): WorkerThread {
  const data = findWorkerData();
  if (data === undefined) throw noPort(plugin);
  const { tenonPort: port, tenonControl: control } = data;
  watchThread(data, logger);
  return {
    stream: streamFromPort(port),
    sendLine: (line) => port.postMessage(line),
    watchHost(close) {
      control?.on("message", (message) => {
        if (message === "terminate") close("the host asked for it");
      });
      control?.unref();
    },
  };
}

function watchThread({ tenonPulse, tenonMaxExternalBytes, tenonControl }: WorkerData, logger: Logger): void {
  if (tenonPulse === undefined) return;
  startPulse(tenonPulse, {
    maxExternalBytes: tenonMaxExternalBytes,
    onExceeded(externalBytes) {
      logger.error(
        `the thread holds ${externalBytes} bytes outside its heap, more than the host allows (maxExternalBytes)`,
        { external_bytes: externalBytes, max_external_bytes: tenonMaxExternalBytes },
      );
      tenonControl?.postMessage({ externalBytes });
    },
  });
}

function noPort(plugin: string): TenonError {
  return new TenonError(
    "environment-invalid",
    `TENON_TRANSPORT asks the plugin "${plugin}" to serve on a message port, and there is none: it does not run in a thread that a ` +
      "host started. A host sets the variable for a launch with { worker }; nobody else should.",
    { plugin, facts: { name: "TENON_TRANSPORT" } },
  );
}
