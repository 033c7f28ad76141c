import { fileURLToPath } from "node:url";
import { goExample } from "../go/index.js";

/** A plugin of this story and the way to run it. */
export interface StoryPlugin {
  readonly name: string;
  readonly language: string;
  readonly command: readonly [string, ...string[]];
  /** Whether host and plugin talk over TLS with certificates made for this one start. */
  readonly autoMtls: boolean;
  /** What the plugin adds to the end of every value it stores. */
  readonly suffix: string;
}

/** The plugins that this machine can run, and a sentence about those that it cannot. */
export interface StoryPlugins {
  readonly plugins: readonly StoryPlugin[];
  readonly absent: string | undefined;
}

/** Lists our plugin and go-plugin's own, the latter built first, each without and with TLS. */
export async function findPlugins(signal: AbortSignal): Promise<StoryPlugins> {
  const script = fileURLToPath(new URL("../plugin.js", import.meta.url));
  const ours = { name: "plugin.ts", language: "TypeScript", command: [process.execPath, script], suffix: "" } as const;
  const go = await goExample(signal).catch((error: Error) => {
    if (signal.aborted || process.env["CI"] === "true") throw error;
    return { missing: `skipped: ${error.message}` };
  });
  if (!("plugin" in go) || go.plugin === undefined) return { plugins: withAndWithoutTls(ours), absent: go.missing };
  const theirs = {
    name: "plugin-go-grpc",
    language: "Go",
    command: [go.plugin],
    suffix: "\n\nWritten from plugin-go-grpc",
  } as const;
  return { plugins: [...withAndWithoutTls(ours), ...withAndWithoutTls(theirs)], absent: undefined };
}

function withAndWithoutTls(plugin: Omit<StoryPlugin, "autoMtls">): StoryPlugin[] {
  return [false, true].map((autoMtls) => ({ ...plugin, autoMtls }));
}
