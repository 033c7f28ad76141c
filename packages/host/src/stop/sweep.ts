import { lstatSync, readdirSync, rmdirSync, type Stats, unlinkSync } from "node:fs";
import { lstat, readdir, rmdir, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

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
export async function sweepSocket(path: string, limits: SweepLimits): Promise<void> {
  await removeSocket(path, limits);
  const directory = dirname(path);
  if (!isPrivateName(directory)) return;
  try {
    if (!isSweepable(await lstat(directory), "directory", limits)) return;
    for (const name of await readdir(directory)) await removeSocket(join(directory, name), limits);
    await rmdir(directory);
  } catch {
    // Gone already, or something in it is not ours.
  }
}

/** The same as {@link sweepSocket}, for the exit of the host's process, where nothing can be awaited. */
export function sweepSocketSync(path: string, limits: SweepLimits): void {
  try {
    if (isSweepable(lstatSync(path), "socket", limits)) unlinkSync(path);
  } catch {
    // Gone already.
  }
  const directory = dirname(path);
  if (!isPrivateName(directory)) return;
  try {
    if (!isSweepable(lstatSync(directory), "directory", limits)) return;
    for (const name of readdirSync(directory)) {
      const file = join(directory, name);
      if (isSweepable(lstatSync(file), "socket", limits)) unlinkSync(file);
    }
    rmdirSync(directory);
  } catch {
    // Gone already, or something in it is not ours.
  }
}

async function removeSocket(path: string, limits: SweepLimits): Promise<void> {
  try {
    if (isSweepable(await lstat(path), "socket", limits)) await unlink(path);
  } catch {
    // Gone already.
  }
}

function isSweepable(found: Stats, kind: "socket" | "directory", { userId, madeAfter }: SweepLimits): boolean {
  const isKind = kind === "socket" ? found.isSocket() : found.isDirectory();
  const isOwn = userId === undefined || found.uid === userId;
  return isKind && isOwn && found.ctimeMs >= madeAfter - clockSlackMs;
}

function isPrivateName(directory: string): boolean {
  return basename(directory).startsWith(privateDirectoryPrefix);
}
