import { lstatSync, readdirSync, rmdirSync, type Stats, unlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { verifiedName } from "../launch/checksum.js";

/** Prefix of the private directories that Tenon's plugins make for their sockets. */
const privateDirectoryPrefix = "tenon-";

/** Clocks of file systems are coarser than that of the process. */
const clockSlackMs = 1000;

/** Whose leftovers may be removed. The path comes from the plugin and is not to be trusted. */
export interface SweepLimits {
  /** Only what belongs to this user; undefined on systems without user ids. */
  readonly userId: number | undefined;
  /** Only what was made after this moment (of `Date.now`): a handshake line may point at somebody else's older socket. */
  readonly madeAfter: number;
}

/**
 * Removes the socket that a plugin left behind, and the private directory around it with the other sockets in it. Touches
 * only sockets within the limits, and directories with Tenon's prefix that are empty then. Call it only when the process is
 * gone. Never throws.
 */
export function sweepSocket(path: string, limits: SweepLimits): void {
  const found = look(path);
  if (found?.isSocket() && isWithin(found, limits)) tryTo(() => unlinkSync(path));
  const directory = dirname(path);
  if (!basename(directory).startsWith(privateDirectoryPrefix)) return;
  const around = look(directory);
  if (around?.isDirectory() && isWithin(around, limits)) removeSocketDirectory(directory);
}

/**
 * Removes the sockets in a directory that is ours, and the verified copies, then the directory; anything else in it stays, and it
 * too. Never throws.
 */
export function removeSocketDirectory(directory: string): void {
  tryTo(() => {
    removeCopies(join(directory, verifiedName));
    for (const name of readdirSync(directory)) {
      const path = join(directory, name);
      if (look(path)?.isSocket()) tryTo(() => unlinkSync(path));
    }
    rmdirSync(directory);
  });
}

function removeCopies(directory: string): void {
  if (look(directory)?.isDirectory() !== true) return;
  tryTo(() => {
    for (const name of readdirSync(directory)) {
      const path = join(directory, name);
      if (look(path)?.isFile()) tryTo(() => unlinkSync(path));
    }
    rmdirSync(directory);
  });
}

function look(path: string): Stats | undefined {
  return tryTo(() => lstatSync(path));
}

function isWithin(found: Stats, { userId, madeAfter }: SweepLimits): boolean {
  return (userId === undefined || found.uid === userId) && found.ctimeMs >= madeAfter - clockSlackMs;
}

function tryTo<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    // Gone already, or not ours to remove.
    return undefined;
  }
}
