import { acceptVersion, chooseVersion, TenonError } from "@tenon/core";
import type { LaunchedInstance, LaunchRequest } from "../launch/launcher.js";
import type { InlineSettings } from "./inline-settings.js";
import type { InlinePlugin, LoadedPlugin } from "./inline-plugin.js";
import { createInlineInstance } from "./inline-instance.js";
import { importPlugin } from "./load-file.js";

/**
 * Starts an instance in this process: loads the plugin where it is a file, and opens a direct channel to its implementations.
 *
 * @throws {@link TenonError} `executable-not-found`, `launcher-failed`, `plugin-invalid`, `cookie-mismatch`, `version-mismatch`
 */
export async function startInline(settings: InlineSettings, request: LaunchRequest): Promise<LaunchedInstance> {
  const offered = Object.keys(request.contract.versions).map(Number);
  const versionOf = ({ versions }: InlinePlugin) => {
    const version = chooseVersion(Object.keys(versions).map(Number), offered);
    return acceptVersion(offered, version, request.plugin);
  };
  /** What cannot be used has begun to run all the same. */
  const loadPlugin = async (): Promise<LoadedPlugin> => {
    const loaded = await load(settings, request);
    try {
      checkCookie(loaded.plugin, request);
      versionOf(loaded.plugin);
      return loaded;
    } catch (error) {
      await disposeQuietly(loaded);
      throw error;
    }
  };
  const loaded = await loadPlugin();
  const version = versionOf(loaded.plugin);
  const { plugin, instance, host, hostServices } = request;
  return createInlineInstance(loaded, {
    plugin,
    instance,
    version,
    host,
    hostServices,
    copy: settings.copy,
    load: settings.reload ? loadPlugin : undefined,
  });
}

async function load({ source, reload }: InlineSettings, { cwd }: LaunchRequest): Promise<LoadedPlugin> {
  if (typeof source !== "string") return { plugin: source, dispose: undefined };
  if (!reload) return await importPlugin(source, cwd);
  const { loadReloadable } = await import("./load-reloadable.js");
  return await loadReloadable(source, cwd);
}

/** A plugin of another application is told by its cookie, as when it is started as a process. */
function checkCookie({ contract }: InlinePlugin, request: LaunchRequest): void {
  const { key, value } = request.contract.cookie;
  if (contract.cookie.key === key && contract.cookie.value === value) return;
  throw new TenonError(
    "cookie-mismatch",
    `the plugin "${request.plugin}" has the cookie ${contract.cookie.key}, and the host's contract has ${key} or another value of it. ` +
      "Use the plugin that was made for this contract",
    { plugin: request.plugin },
  );
}

async function disposeQuietly({ dispose }: LoadedPlugin): Promise<void> {
  try {
    await dispose?.();
  } catch {
    // Why the plugin cannot be used is what its host is told.
  }
}
