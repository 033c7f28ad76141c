import { formatEnvironment, type HandshakeEnvironment, withoutHandshakeVariables } from "@tenon/core";
import type { ParsedLaunch } from "./parsed-launch.js";

/** What the environment of a plugin is made of. */
export interface EnvironmentParts {
  readonly launch: Pick<ParsedLaunch, "env" | "inheritEnv">;
  /** The environment to inherit from. */
  readonly host: Readonly<Record<string, string | undefined>>;
  readonly cookie: { readonly key: string; readonly value: string };
  readonly handshake: HandshakeEnvironment;
  readonly platform: NodeJS.Platform;
}

/**
 * Builds the environment of a plugin. Later sources win: what is inherited, then the plugin's own variables, then the
 * handshake's variables and the cookie.
 */
export function buildEnvironment(parts: EnvironmentParts): Record<string, string> {
  const { launch, host, cookie, handshake, platform } = parts;
  const merged: Record<string, string | undefined> = { ...inherited(host, launch.inheritEnv, platform) };
  for (const [name, value] of Object.entries(launch.env)) {
    // Windows does not tell names apart by case: one of two spellings would win at random.
    if (platform === "win32") deleteSpellings(merged, name);
    merged[name] = value;
  }
  return {
    ...withoutHandshakeVariables(merged, cookie.key),
    ...formatEnvironment(handshake),
    [cookie.key]: cookie.value,
  };
}

const inspectorFlags = /(?<=^|\s)--(?:inspect|debug)(?:-[a-z-]+)?(?:=\S*)?(?=\s|$)/g;

function inherited(
  host: Readonly<Record<string, string | undefined>>,
  inheritEnv: boolean | readonly string[],
  platform: NodeJS.Platform,
): Record<string, string | undefined> {
  const folded = (name: string) => (platform === "win32" ? name.toUpperCase() : name);
  const wanted = inheritEnv === true ? undefined : new Set((inheritEnv === false ? [] : inheritEnv).map(folded));
  // Many programs cannot even open a socket on Windows without it.
  if (platform === "win32") wanted?.add("SYSTEMROOT");
  const entries = Object.entries(host).filter(([name]) => wanted === undefined || wanted.has(folded(name)));
  return withoutInspector(Object.fromEntries(entries));
}

/**
 * Removes what would attach a debugger to the plugin because one is attached to the host: the plugin would fail to open
 * the same port, or wait for a debugger that never comes. A plugin's own `env` can still ask for one.
 */
function withoutInspector(variables: Record<string, string | undefined>): Record<string, string | undefined> {
  const kept = { ...variables };
  delete kept["NODE_INSPECT_RESUME_ON_START"];
  delete kept["VSCODE_INSPECTOR_OPTIONS"];
  const options = kept["NODE_OPTIONS"]?.replace(inspectorFlags, "").trim();
  if (options) kept["NODE_OPTIONS"] = options;
  else delete kept["NODE_OPTIONS"];
  return kept;
}

function deleteSpellings(variables: Record<string, string | undefined>, name: string): void {
  for (const other of Object.keys(variables)) {
    if (other !== name && other.toUpperCase() === name.toUpperCase()) delete variables[other];
  }
}
