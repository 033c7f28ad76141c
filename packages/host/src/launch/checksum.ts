import { createHash, timingSafeEqual } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { chmod, copyFile, mkdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { TenonError } from "@tenon/core";
import { checkKeys, describe, invalidOption, textOrNothing } from "../options/check.js";

/**
 * A file of the plugin and its digest. What is verified is that one file: not the interpreter that a script names, not shared
 * libraries, not modules that it imports. Verify an interpreter's plugin as one bundled file, and the interpreter too if it counts.
 */
export interface FileChecksum {
  /** SHA-256 of the file's bytes, 64 hexadecimal digits. */
  readonly sha256: string;
  /**
   * The file, which must be the command or one of its arguments; relative to `cwd`. Default: the command's own file. The
   * command line then names the copy, which keeps its base name but lies in a directory of its own.
   */
  readonly file?: string;
}

/** Directory below a socket directory that holds verified copies. The janitor knows this name. */
export const verifiedName = "verified";

/** Checks the checksums of a launch. @throws TenonError `option-invalid`, `checksum-missing` */
export function parseChecksums(value: FileChecksum | readonly FileChecksum[] | undefined): readonly FileChecksum[] {
  if (value === undefined) return [];
  const list: readonly FileChecksum[] = Array.isArray(value)
    ? (value as readonly FileChecksum[])
    : [value as FileChecksum];
  if (list.length === 0) throw checksumMissing("launch.checksum is an empty list");
  return Object.freeze(
    list.map((each, index) => {
      const where = `launch.checksum[${index}]`;
      const { sha256, file } = checkKeys(where, each, ["sha256", "file"]);
      if (sha256 === undefined || sha256 === "") throw checksumMissing(`${where} has no sha256`);
      if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/i.test(sha256)) {
        throw invalidOption(`${where}.sha256`, `it must be 64 hexadecimal digits, not ${describe(sha256)}`);
      }
      const path = textOrNothing(`${where}.file`, file);
      return Object.freeze({ sha256, ...(path !== undefined && { file: path }) });
    }),
  );
}

/** What to verify, and where its copies go. */
export interface Verification {
  readonly checksums: readonly FileChecksum[];
  /** The command with its file resolved. */
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  /** A directory that only our own user can enter. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

/**
 * Copies each file and compares the digest of the copy, in constant time. Since the copy is what runs, a file that is swapped between
 * check and start changes nothing.
 *
 * @returns the command that runs the copies
 * @throws {@link TenonError} `checksum-mismatch`, `executable-not-found`, `option-invalid` for a file that is not in the command
 */
export async function copyVerified(verification: Verification): Promise<[string, ...string[]]> {
  const { checksums, command, cwd, directory, signal } = verification;
  const place = join(directory, verifiedName);
  await mkdir(place, { mode: 0o700 });
  const verified: [string, ...string[]] = [...command];
  const taken = new Set<string>();
  for (const [index, { file, sha256 }] of checksums.entries()) {
    const source = file === undefined ? command[0] : resolve(cwd, file);
    const places = [...command.keys()].filter(
      (at) => (at === 0 && file === undefined) || resolve(cwd, command[at]!) === source,
    );
    if (places.length === 0) {
      throw invalidOption(
        `launch.checksum[${index}].file`,
        `${describe(file)} is neither the command nor one of its arguments, so the plugin would not run what was verified`,
      );
    }
    const name = taken.has(basename(source)) ? `${index}-${basename(source)}` : basename(source);
    taken.add(name);
    const copy = join(place, name);
    await copyPrivate(source, copy);
    const found = await digest(copy, signal);
    if (!timingSafeEqual(found, Buffer.from(sha256, "hex"))) throw mismatch(source, sha256, found.toString("hex"));
    for (const at of places) verified[at] = copy;
  }
  return verified;
}

async function copyPrivate(source: string, copy: string): Promise<void> {
  try {
    const { mode } = await stat(source);
    // A clone where the file system can, so that a large program costs nothing.
    await copyFile(source, copy, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
    await chmod(copy, mode & 0o111 ? 0o500 : 0o400);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "EACCES" && code !== "EISDIR") throw cause;
    throw new TenonError("executable-not-found", `the file to verify, ${source}, cannot be read (${code})`, {
      cause,
      facts: { file: source },
    });
  }
}

async function digest(file: string, signal: AbortSignal): Promise<Buffer> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file, { signal, highWaterMark: 1024 * 1024 }))
    hash.update(chunk as Buffer);
  return hash.digest();
}

function mismatch(file: string, expected: string, found: string): TenonError {
  return new TenonError(
    "checksum-mismatch",
    `${file} has the SHA-256 ${found}, and the launch expects ${expected.toLowerCase()}; nothing was started`,
    { facts: { file, expected: expected.toLowerCase(), found } },
  );
}

function checksumMissing(what: string): TenonError {
  return new TenonError("checksum-missing", `${what}: without a digest nothing would be verified.`);
}
