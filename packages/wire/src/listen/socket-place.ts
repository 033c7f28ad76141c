import { chmodSync, chownSync, mkdtempSync, rmdirSync, unlinkSync } from "node:fs";
import { platform } from "node:os";
import { join, resolve } from "node:path";
import { TenonError } from "@tenon/core";

/**
 * The longest path of a unix socket in bytes, its terminating NUL not counted. Node cuts longer ones off silently, and
 * then listens at another path than the one it was given.
 */
export const maxSocketPathBytes = platform() === "darwin" ? 103 : 107;

/** A path at which a socket can be made, and the duty to remove it. */
export interface SocketPlace {
  readonly path: string;
  /** Sentences on directories that were passed over, fit for a log. */
  readonly notes: readonly string[];
  /** Removes socket and directory at once; what is gone already is no error. */
  remove(): void;
}

/** Where a socket may go. */
export interface SocketPlaceOptions {
  /** Contract name, for errors. */
  readonly plugin: string;
  /** Whose socket it is, as the subject of messages. Default: the plugin. */
  readonly owner?: string | undefined;
  /** First part of the socket's name in `socketDir`. Default: `plugin`. */
  readonly prefix?: string | undefined;
  /** The directory that must be used; the socket is then put right into it. */
  readonly socketDir?: string | undefined;
  /** The directory for temporary files that is tried first. */
  readonly tempDir?: string | undefined;
  /** Numeric id of a group that may reach the socket. */
  readonly groupId?: number | undefined;
}

/**
 * Finds the place for a socket and makes its directory.
 *
 * - A directory that the host named is used as it is, with no directory of our own inside: a host that runs plugins in
 *   containers maps the socket's path by its last part only.
 * - Otherwise a new directory `tenon-XXXXXX`, reachable by its owner alone (by the group too if there is one), below
 *   `tempDir`; below `/tmp` where that is too long, cannot be written or cannot stand in a handshake line.
 *
 * @throws {@link TenonError} `socket-path-too-long` when every candidate is too long, `address-invalid` when its
 *   path cannot stand in a handshake line, `listen-failed` when no directory can be made
 */
export function createSocketPlace(options: SocketPlaceOptions): SocketPlace {
  const { plugin, owner = `The plugin "${plugin}"`, prefix = "plugin", socketDir, tempDir, groupId } = options;
  if (socketDir !== undefined) {
    // No secret, it only has to be new: the directory is what keeps others out.
    const path = join(resolve(socketDir), `${prefix}${Math.random().toString(36).slice(2, 10)}`);
    const problem = pathProblem(path);
    if (problem !== undefined) throw failure(plugin, owner, [problem], { path, maxSocketPathBytes });
    return { path, notes: [], remove: () => removeQuietly(() => unlinkSync(path)) };
  }

  const bases = [...new Set([resolve(tempDir || "/tmp"), "/tmp"])];
  const problems: PathProblem[] = [];
  for (const base of bases) {
    const problem = pathProblem(join(base, "tenon-XXXXXX", "sock"));
    if (problem !== undefined) {
      problems.push(problem);
      continue;
    }
    try {
      const notes = problems.map((passed) => `${passed.text}; the socket is made below ${base} instead.`);
      return { ...createDirectory(base, groupId), notes };
    } catch (error) {
      problems.push({
        code: "listen-failed",
        text: `no directory can be made in ${base} (${describe(error)})`,
        cause: error,
      });
    }
  }
  throw failure(plugin, owner, problems, { tried: bases, maxSocketPathBytes });
}

function createDirectory(base: string, groupId: number | undefined): Pick<SocketPlace, "path" | "remove"> {
  const directory = mkdtempSync(join(base, "tenon-"));
  const path = join(directory, "sock");
  const remove = () => {
    removeQuietly(() => unlinkSync(path));
    removeQuietly(() => rmdirSync(directory));
  };
  if (groupId !== undefined) {
    try {
      chownSync(directory, -1, groupId);
      chmodSync(directory, 0o710);
    } catch (error) {
      remove();
      throw error;
    }
  }
  return { path, remove };
}

/** Gives a socket its mode: its owner alone, or its owner and one group. */
export function restrictSocket(path: string, groupId: number | undefined): void {
  if (groupId !== undefined) chownSync(path, -1, groupId);
  chmodSync(path, groupId === undefined ? 0o600 : 0o660);
}

interface PathProblem {
  readonly code: "socket-path-too-long" | "address-invalid" | "listen-failed";
  readonly text: string;
  readonly cause?: unknown;
}

function pathProblem(path: string): PathProblem | undefined {
  const lengthBytes = Buffer.byteLength(path);
  if (lengthBytes > maxSocketPathBytes) {
    const text = `the socket path ${path} has ${lengthBytes} bytes, the system allows ${maxSocketPathBytes}`;
    return { code: "socket-path-too-long", text };
  }
  // The handshake line has no escapes.
  if (/[|\r\n\0]/.test(path)) {
    return {
      code: "address-invalid",
      text: `the socket path ${JSON.stringify(path)} holds a character that a handshake line cannot carry`,
    };
  }
  return undefined;
}

function failure(
  plugin: string,
  owner: string,
  problems: readonly PathProblem[],
  facts: Record<string, unknown>,
): TenonError {
  const first = problems[0]?.code ?? "listen-failed";
  const code = problems.every((problem) => problem.code === first) ? first : "listen-failed";
  return new TenonError(
    code,
    `${owner} has no place for a socket: ${problems.map((problem) => problem.text).join("; ")}. ` +
      (code === "socket-path-too-long"
        ? "Use a shorter directory: set socketDir or TMPDIR."
        : "Use a directory that it can write to: set socketDir or TMPDIR."),
    { plugin, facts, cause: problems.find((problem) => problem.cause !== undefined)?.cause },
  );
}

function removeQuietly(remove: () => void): void {
  try {
    remove();
  } catch {
    // Gone already, or not ours to remove: there is nothing better to do on the way out.
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error);
}
