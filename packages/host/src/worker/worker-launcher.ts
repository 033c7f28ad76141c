import type { Launcher } from "../launch/launcher.js";
import type { WorkerSettings } from "./worker-settings.js";

/**
 * The launcher of `{ worker }`: a worker thread of the host's process, with a heap and an event loop of its own, on the plugin's own
 * file. It is no sandbox: the plugin shares the host's descriptors, rights and address space, and native code that crashes ends both.
 */
export function workerLauncher(settings: WorkerSettings): Launcher {
  return Object.freeze<Launcher>({
    name: "worker",
    capabilities: Object.freeze({ isolation: "thread" as const }),
    async start(request) {
      const { startWorker } = await import("./start-worker.js");
      return startWorker(settings, request);
    },
  });
}
