import type { ServiceImpl } from "@connectrpc/connect";
import type { GRPCController } from "@tenon/core";

/**
 * go-plugin's `GRPCController`: the host's way to end a plugin. `shutDown` is called once the answer is on its way, not
 * before: a plugin that closes first leaves its host with a broken call in place of an answer.
 */
export function createControllerService(shutDown: () => void): ServiceImpl<typeof GRPCController> {
  return {
    shutdown() {
      setImmediate(shutDown);
      return {};
    },
  };
}
