import { bubblewrapLauncher, type ProcessLaunch } from "@tenon/host";

/** Sees the system's programs and one folder, and has no network. */
export function caged(folder: string): ProcessLaunch {
  const launcher = bubblewrapLauncher({ readOnly: [folder] });
  return { process: ["node", `${folder}/plugin.js`], launcher };
}
