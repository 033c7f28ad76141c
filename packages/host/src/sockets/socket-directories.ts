import { randomBytes } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { maxSocketPathBytes } from "../handshake/check-handshake.js";
import { sweepAbandoned } from "./abandoned.js";
import { removeSocketDirectory } from "./sweep.js";
import { hostProcess } from "../launch/host-process.js";
import { type Janitor, startJanitor } from "./janitor.js";

/** A directory for the sockets of one instance, which no other user can enter. */
export interface SocketDirectory {
  readonly path: string;
  /** Removes it with the sockets in it, at once: it fits an exit handler. Where anything else is in it, it stays. */
  remove(): void;
  /** Says, once, that its instance has ended. Never rejects. */
  release(): Promise<void>;
}

/** Makes the socket directories of one host's instances, and sees to it that they go even if the host is killed. */
export interface SocketDirectories {
  /**
   * Makes one: `tenon-<pid>-<random>` below the temporary directory, or below `/tmp` where the paths of sockets would get too
   * long there or nothing can be made. The first one of a host also begins a sweep for those of hosts that died.
   * Nobody removes it for a host that is killed before `watch` or `guardGroup`, but the next host's sweep: starting the janitor
   * first would hold up the start of the plugin.
   *
   * @throws the system's error where neither can be used
   */
  create(): SocketDirectory;
  /** Whether there is a janitor where there is something to watch. */
  readonly hasJanitor: boolean;
  /** Starts the janitor, unless it runs or has nothing to watch. */
  watch(): void;
  /**
   * Sees to it that a process group ends with the host, even if the host is killed and the group's leader is a wrapper that does not
   * pass signals on. `isLeaderTold` where the kernel tells the leader. Returns the way to take that back when the group has
   * ended. Never rejects.
   */
  guardGroup(groupId: number, isLeaderTold: boolean): () => Promise<void>;
}

/** Longest name that a plugin gives its socket, with room to spare: go-plugin's take 16 bytes. */
const socketNameBytes = 24;
/** Bytes that `mkdtemp` adds. */
const suffixBytes = 6;

/** Creates the maker. It does nothing yet; while a directory exists it holds a janitor, unless that is not wanted. */
export function createSocketDirectories(wantsJanitor: boolean): SocketDirectories {
  const name = `tenon-${hostProcess.pid}-${randomBytes(3).toString("hex")}`;
  let janitor: Janitor | undefined;
  let sweeping: Promise<unknown> | undefined;
  let live = 0;

  const watch = (): void => {
    if (wantsJanitor && live > 0) janitor ??= startJanitor(findBases(name).map((base) => join(base, name)));
  };

  const release = async (): Promise<void> => {
    live--;
    if (live > 0) return;
    const ending = janitor?.end();
    janitor = undefined;
    await Promise.all([ending, sweeping]);
  };

  return {
    hasJanitor: wantsJanitor,
    watch,
    guardGroup(groupId, isLeaderTold) {
      live++;
      watch();
      janitor?.watch(groupId, isLeaderTold);
      return async () => {
        janitor?.forget(groupId);
        await release();
      };
    },
    create() {
      const bases = findBases(name);
      const prefixes = bases.map((base) => join(base, name));
      live++;
      try {
        const path = makeFirst(prefixes);
        sweeping ??= Promise.all(bases.map((base) => sweepAbandoned(base)));
        return { path, remove: () => removeSocketDirectory(path), release };
      } catch (error) {
        void release();
        throw error;
      }
    },
  };
}

/** The temporary directory as it is now and `/tmp`, without one that is too long or cannot stand in a handshake line. */
function findBases(name: string): string[] {
  const room = maxSocketPathBytes(hostProcess.platform) - name.length - suffixBytes - socketNameBytes - 2;
  const isUsable = (base: string) => Buffer.byteLength(base) <= room && !/[|\r\n]/.test(base);
  return [...new Set([resolve(tmpdir()), "/tmp"])].filter(isUsable);
}

function makeFirst(prefixes: readonly string[]): string {
  let last: unknown;
  for (const prefix of prefixes) {
    try {
      return mkdtempSync(prefix);
    } catch (error) {
      last = error;
    }
  }
  throw last;
}
