import type { Launcher } from "../launch/launcher.js";
import type { InlineSettings } from "./inline-settings.js";

/** The launcher of `{ inline }`: the host's own process and thread, with nothing in between. It is no sandbox. */
export function inlineLauncher(settings: InlineSettings): Launcher {
  return Object.freeze<Launcher>({
    name: "inline",
    capabilities: Object.freeze({ isolation: "none" as const, reload: settings.reload }),
    async start(request) {
      const { startInline } = await import("./start-inline.js");
      return startInline(settings, request);
    },
  });
}
