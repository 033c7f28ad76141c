import type { Launcher } from "../launch/launcher.js";
import { createSpawner } from "../launch/spawner.js";
import type { PieSettings } from "./pie-settings.js";

/** The launcher of `{ pie }`: a child process whose standard input and output carry JSON-RPC, without any handshake. */
export function pieLauncher(settings: PieSettings): Launcher {
  const spawn = createSpawner();
  return Object.freeze<Launcher>({
    name: "pie",
    capabilities: Object.freeze({
      isolation: "process" as const,
      streams: false,
      // One pair of pipes carries one direction of calls.
      hostServices: settings.mode === "consumer",
    }),
    async start(request) {
      // Loaded here: most hosts have no such plugin.
      const { startPie } = await import("./start-pie.js");
      return startPie(settings, request, spawn);
    },
  });
}
