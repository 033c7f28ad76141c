import { createHash } from "node:crypto";

/** Together with what is added to it, below the 255 bytes that file systems allow. */
const maxEncodedLength = 120;

/**
 * Name of the file for a plugin: the plugin's own as far as it is lower-case letters, digits, `_` and `-`; every other byte as `%XX`.
 * So none leaves the directory, and two plugins share a file on no file system, one that ignores case included. Of a long name the
 * beginning is kept, and a digest takes the place of the rest.
 */
export function storeFileName(plugin: string): string {
  let encoded = "";
  for (const byte of Buffer.from(plugin)) {
    const character = String.fromCharCode(byte);
    encoded += /[a-z0-9_-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  if (encoded.length > maxEncodedLength) {
    encoded = `${encoded.slice(0, 60)}~${createHash("sha256").update(plugin).digest("hex").slice(0, 40)}`;
  }
  return `${encoded}.store`;
}
