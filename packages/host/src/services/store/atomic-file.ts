import { constants } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** What tells one state of a file from another; undefined where there is no file. */
type Seen = { readonly inode: bigint; readonly changedAt: bigint; readonly size: bigint } | undefined;

/** Says that somebody else has written a file since it was read or written here. */
export class ChangedElsewhere extends Error {}

/** Some file systems cannot bring a directory to the disk, and need not; one that may not be read cannot be opened for it. */
const cannotSync: ReadonlySet<string | undefined> = new Set(["EACCES", "EINVAL", "EISDIR", "EPERM"]);

/**
 * A file of one owner that is replaced as a whole: whoever reads it, at whatever moment its owner was killed, finds all of one state. A
 * replacement is on the disk, not only in the system's memory, when its promise resolves.
 */
export class AtomicFile {
  readonly #path: string;
  readonly #temporary: string;
  #seen: Seen;

  constructor(path: string) {
    this.#path = path;
    this.#temporary = `${path}.tmp`;
  }

  /** Its bytes; undefined where there is none. Rejects with the system's error. */
  async read(): Promise<Buffer | undefined> {
    // In this order a write in between is noticed later.
    this.#seen = await look(this.#path);
    if (this.#seen === undefined) return undefined;
    return readFile(this.#path);
  }

  /**
   * Replaces it; undefined removes it. Rejects with {@link ChangedElsewhere}, or with the system's error; the file is then as it
   * was, unless the last step was the one that failed, after which it may be either.
   */
  async write(bytes: Uint8Array | undefined): Promise<void> {
    const found = await look(this.#path);
    if (!isSame(found, this.#seen)) throw new ChangedElsewhere("another process has written the file");
    if (bytes === undefined) {
      await rm(this.#temporary, { force: true });
      if (found === undefined) return;
      await rm(this.#path);
      this.#seen = undefined;
    } else {
      try {
        const written = await this.#writeTemporary(bytes);
        await rename(this.#temporary, this.#path);
        this.#seen = written;
      } catch (error) {
        await rm(this.#temporary, { force: true }).catch(() => {});
        throw error;
      }
    }
    await syncDirectory(dirname(this.#path));
  }

  async #writeTemporary(bytes: Uint8Array): Promise<Seen> {
    await makeDirectory(dirname(this.#path));
    // Left by one who was killed. Not opened as it is: it could be a link to something else.
    await rm(this.#temporary, { force: true });
    const file = await open(this.#temporary, "wx", 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
      return seenOf(await file.stat({ bigint: true }));
    } finally {
      await file.close();
    }
  }
}

async function look(path: string): Promise<Seen> {
  try {
    return seenOf(await stat(path, { bigint: true }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function seenOf({ ino, mtimeNs, size }: { ino: bigint; mtimeNs: bigint; size: bigint }): Seen {
  return { inode: ino, changedAt: mtimeNs, size };
}

function isSame(a: Seen, b: Seen): boolean {
  return a?.inode === b?.inode && a?.changedAt === b?.changedAt && a?.size === b?.size;
}

/** Makes a directory that no other user can enter, and all above it that are missing. */
async function makeDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = path; ; made = dirname(made)) {
    await syncDirectory(dirname(made));
    if (made === first || made === dirname(made)) return;
  }
}

async function syncDirectory(path: string): Promise<void> {
  try {
    const directory = await open(path, constants.O_RDONLY);
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  } catch (error) {
    if (!cannotSync.has((error as NodeJS.ErrnoException).code)) throw error;
  }
}
