import { lstat, opendir, readdir } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { verifiedName } from "../launch/checksum.js";
import { hostProcess } from "../launch/host-process.js";
import { removeSocketDirectory } from "./sweep.js";

const ownName = /^tenon-([1-9]\d{0,9})-[0-9a-f]{6}\w{6}$/;
const maxSweptEntries = 4096;
const emptyForMs = 60_000;

/**
 * Removes the socket directories in `base` of hosts of our user that were killed: those whose process is gone, with no
 * socket in them that still answers. Looks at no more than 4096 entries, follows no link, and touches no other name. Never
 * rejects.
 */
export async function sweepAbandoned(base: string): Promise<void> {
  let looked = 0;
  try {
    for await (const { name } of await opendir(base, { bufferSize: 256 })) {
      if (++looked > maxSweptEntries) return;
      const [, pid] = ownName.exec(name) ?? [];
      if (pid === undefined || hostProcess.isAlive(Number(pid))) continue;
      const directory = join(base, name);
      if (await isAbandoned(directory)) removeSocketDirectory(directory);
    }
  } catch {
    // It cannot be read: then there is nothing to sweep.
  }
}

/** The process may live where we cannot see it, in another container with the same temporary directory. */
async function isAbandoned(directory: string): Promise<boolean> {
  try {
    const found = await lstat(directory);
    if (!found.isDirectory() || found.uid !== hostProcess.userId()) return false;
    const names = (await readdir(directory)).filter((name) => name !== verifiedName);
    if (names.length === 0) return Date.now() - found.mtimeMs > emptyForMs;
    const answers = await Promise.all(names.map((name) => refuses(join(directory, name))));
    return answers.every(Boolean);
  } catch {
    return false;
  }
}

/** Whether nobody listens at a socket. False for anything that is no socket. */
async function refuses(path: string): Promise<boolean> {
  if (!(await lstat(path)).isSocket()) return false;
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (isRefused: boolean): void => {
      socket.destroy();
      resolve(isRefused);
    };
    socket.once("connect", () => settle(false));
    socket.once("error", (error: NodeJS.ErrnoException) => settle(error.code === "ECONNREFUSED"));
  });
}
