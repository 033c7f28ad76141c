import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import type { Config } from "@tenon/core/host-services";
import type { Current } from "./current.js";

/** The service of one plugin. */
export function configService(plugin: string, current: Current, maxWatches: number): ServiceImpl<typeof Config> {
  return {
    get() {
      if (current.snapshot !== undefined) return current.snapshot;
      throw new ConnectError(`the host has no configuration for the plugin "${plugin}"`, Code.NotFound);
    },
    async *watch(_request, { signal }) {
      if (current.watches >= maxWatches) {
        throw new ConnectError(
          `the plugin "${plugin}" watches its configuration as often as maxWatches ${maxWatches} allows`,
          Code.ResourceExhausted,
        );
      }
      current.watches++;
      let seen = 0n;
      try {
        while (!signal.aborted) {
          const { snapshot } = current;
          if (snapshot === undefined || snapshot.version === seen) {
            await current.changed(signal);
          } else {
            seen = snapshot.version;
            yield snapshot;
          }
        }
      } finally {
        current.watches--;
      }
    },
  };
}
