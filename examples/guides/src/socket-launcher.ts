import { once } from "node:events";
import { connect } from "node:net";
import type { ExitFacts, LaunchedInstance, Launcher } from "@tenon/host";

/** Where a daemon runs a plugin for whoever connects. */
export interface SocketLauncherOptions {
  /** Path of the daemon's socket. */
  readonly path: string;
  /** Version of the contract that its plugins serve: no handshake line tells. */
  readonly version: number;
}

/** Starts an instance by connecting to a daemon that runs one plugin for each connection, as inetd and systemd do. */
export function socketLauncher({ path, version }: SocketLauncherOptions): Launcher {
  return {
    name: `socket ${path}`,
    capabilities: { isolation: "process" },

    async start({ signal }): Promise<LaunchedInstance> {
      const socket = connect({ path, allowHalfOpen: true });
      socket.on("error", () => {});
      const exited = new Promise<ExitFacts>((resolve) => {
        // Nobody tells how a plugin ended whose process is not ours.
        socket.once("close", () => resolve({ exitCode: null, signal: null }));
      });
      try {
        await once(socket, "connect", { signal });
      } catch (error) {
        socket.destroy();
        throw error;
      }
      return {
        reach: { kind: "stream", stream: socket, version, multiplex: true },
        exited,
        signal(signal) {
          // The end of its connection is the end of such a plugin; there is nothing to ask before.
          if (signal !== "SIGCONT") socket.destroy();
          return true;
        },
        release: () => void socket.destroy(),
      };
    },
  };
}
