import { createRequire, isBuiltin } from "node:module";

/**
 * The packages of which a reloadable plugin uses the process's copy, not one of its own: what they make is passed between host and
 * plugin, and they stay when the plugin's code goes.
 */
const sharedPackages =
  /^(?:@bufbuild\/protobuf|@connectrpc\/connect|@tenon\/(?:core|wire|plugin|host|testkit))(?:\/|$)/;

/** Whether a reloadable plugin shares a module with its host: those of Node, and the packages of Tenon, Connect-ES and protobuf-es. */
export function isShared(specifier: string): boolean {
  return isBuiltin(specifier) || sharedPackages.test(specifier);
}

/** Loads a shared module: the host's own copy, or else the one at the address that `find` gives. */
export async function importShared(specifier: string, find: () => Promise<string>): Promise<object> {
  let own: string | undefined;
  try {
    own = import.meta.resolve(specifier);
  } catch {
    // @tenon/plugin, for one, the host does not depend on.
  }
  return (await import(own ?? (await find()))) as object;
}

/** The same for CommonJS. `own` looks from where the plugin's file lies. */
export function requireShared(specifier: string, own: NodeJS.Require): unknown {
  const host = createRequire(import.meta.url);
  try {
    host.resolve(specifier);
  } catch {
    return own(specifier);
  }
  return host(specifier);
}
