import { fileURLToPath } from "node:url";
import type { Launch } from "@tenon/host";
import { goExample } from "../go/index.js";

/** A plugin of this story and the way to run it. */
export interface StoryPlugin {
  readonly name: string;
  readonly language: string;
  /** What the table calls the way it is run. */
  readonly launcher: string;
  /** The launch of an instance whose working directory is `place`. */
  readonly launch: (place: string) => Launch;
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

const script = fileURLToPath(new URL("../plugin.js", import.meta.url));
const command = [process.execPath, script] as const;

/** One plugin file, run in every way there is: only the launch is another. */
const launches: readonly (readonly [launcher: string, autoMtls: boolean, launch: StoryPlugin["launch"]])[] = [
  ["inline", false, () => ({ inline: script })],
  ["worker", false, () => ({ worker: script })],
  ["process", false, (cwd) => ({ process: command, cwd })],
  ["process", true, (cwd) => ({ process: command, cwd })],
  ["stdio", false, (cwd) => ({ stdio: command, cwd })],
];

const ours: readonly StoryPlugin[] = launches.map(([launcher, autoMtls, launch]) => ({
  name: "plugin.ts",
  language: "TypeScript",
  launcher,
  launch,
  autoMtls,
  suffix: "",
}));

/** Lists our plugin, run in every way, and go-plugin's own, built first, without and with TLS. */
export async function findPlugins(signal: AbortSignal): Promise<StoryPlugins> {
  const go = await goExample(signal).catch((error: Error) => {
    if (signal.aborted || process.env["CI"] === "true") throw error;
    return { missing: `skipped: ${error.message}` };
  });
  if (!("plugin" in go) || go.plugin === undefined) return { plugins: ours, absent: go.missing };
  const { plugin } = go;
  const theirs = [false, true].map((autoMtls) => ({
    name: "plugin-go-grpc",
    language: "Go",
    launcher: "process",
    launch: (cwd: string) => ({ process: [plugin], cwd }) as const,
    autoMtls,
    suffix: "\n\nWritten from plugin-go-grpc",
  }));
  return { plugins: [...ours, ...theirs], absent: undefined };
}
