import type { Network, Place } from "./network.js";

/** All on one machine, by its loopback interface. */
export function createLoopback(why: string): Network {
  const place: Place = {
    host: "127.0.0.1",
    enter: (command) => command,
    // Connections to this machine cannot be cut; a plugin that stands still is as silent as one whose cable is cut.
    async cut(plugin) {
      plugin.kill("SIGSTOP");
      return "its process is stopped (SIGSTOP)";
    },
    async mend(plugin) {
      plugin.kill("SIGCONT");
    },
  };
  return {
    description: `Host and plugins share this machine's loopback interface: ${why}.`,
    listenAt: "127.0.0.1",
    createPlace: async () => place,
    [Symbol.asyncDispose]: async () => {},
  };
}
