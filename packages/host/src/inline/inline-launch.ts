import { fileURLToPath } from "node:url";
import { createParsedLaunch, type ParsedLaunch } from "../launch/parsed-launch.js";
import { parseSurroundings, type ProcessLaunch } from "../launch/process-launch.js";
import { booleanOr, checkKeys, describe, invalidOption } from "../options/check.js";
import { inlineLauncher } from "./inline-launcher.js";
import { checkPlugin, type InlinePlugin } from "./inline-plugin.js";
import type { InlineSettings } from "./inline-settings.js";

/**
 * How to run a plugin in the host's own process and thread: its handlers are called as functions. Nothing stands between the two, so a
 * plugin that blocks, exits or crashes does so to its host; see docs/guides/inline.md. Plain data where it names a file.
 */
export interface InlineLaunch extends Pick<ProcessLaunch, "cwd"> {
  /**
   * What `implement` of @tenon/plugin returned; or the file that exports it by default, ESM or CommonJS: a path, from `cwd` on, or a
   * `file:` URL. The packages that the file imports are found from where it lies, as always.
   */
  readonly inline: InlinePlugin | string | URL;
  /**
   * Whether each message is copied on its way, so that neither side sees what the other does to its own afterwards. Default false: host
   * and plugin share the objects.
   */
  readonly copy?: boolean;
  /**
   * Whether `session.reload()` takes new code from the file while calls run. The file is then bundled with what it imports, which needs
   * esbuild beside @tenon/host, unless it is one CommonJS file already (`.cjs`); each instance has its code for itself; and the code
   * is freed when nothing holds it any more. Default false: the file is imported, once for the whole process, and stays.
   */
  readonly reload?: boolean;
}

const launchKeys = ["inline", "copy", "reload", "cwd"] as const satisfies readonly (keyof InlineLaunch)[];

/** Checks a launch. @throws TenonError `option-invalid`, naming the key; `plugin-invalid` */
export function parseInlineLaunch(launch: InlineLaunch): ParsedLaunch {
  checkKeys("launch", launch, launchKeys);
  const settings = parseInlineSettings(launch);
  const { source } = settings;
  return createParsedLaunch({
    ...parseSurroundings({ ...(launch.cwd !== undefined && { cwd: launch.cwd }) }),
    transport: "none",
    stdin: "ignore",
    parentDeathSignal: false,
    inheritEnv: false,
    label: [typeof source === "string" ? source : source.contract.name],
    copiesMessages: settings.copy,
    launcher: inlineLauncher(settings),
  });
}

function parseInlineSettings(launch: InlineLaunch): InlineSettings {
  const source = parseSource(launch.inline);
  const copy = booleanOr("launch.copy", launch.copy, false);
  const reload = booleanOr("launch.reload", launch.reload, false);
  if (reload && typeof source !== "string") {
    throw invalidOption("launch.reload", "it needs the plugin's file, and launch.inline is the plugin itself");
  }
  return Object.freeze({ source, copy, reload });
}

function parseSource(value: unknown): InlinePlugin | string {
  const isUrl = value instanceof URL || (typeof value === "string" && value.startsWith("file:"));
  try {
    if (isUrl) return fileURLToPath(value);
  } catch {
    // Said below.
  }
  if (!isUrl && typeof value === "string" && value !== "" && !value.includes("\0")) return value;
  if (isUrl || typeof value !== "object" || value === null) {
    const shown = value instanceof URL ? describe(value.href) : describe(value);
    throw invalidOption("launch.inline", `it must be a plugin, the path of a file or a file: URL, not ${shown}`);
  }
  checkPlugin(value, "launch.inline");
  return value;
}
