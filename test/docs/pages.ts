import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the repository, seen from test/dist/docs. */
export const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Reads a file by its path from the root. */
export function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** Every file of the repository with this ending, by its path from the root; build products and caches left out. */
export function listFiles(ending: string, folder = root): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith(".") || ["node_modules", "dist", "gen"].includes(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return listFiles(ending, path);
    return entry.name.endsWith(ending) ? [relative(root, path)] : [];
  });
}

/** A page without its fenced code and comments, so that what looks like markup there is not taken for it. */
export function prose(page: string): string {
  return read(page)
    .replace(/^```[\s\S]*?^```$/gm, "")
    .replace(/<!--[\s\S]*?-->/g, "");
}

/** One row of a table: its cells, trimmed. */
export type TableRow = readonly string[];

/** The rows of every table in a text, heads and rules left out. */
export function tableRows(text: string): TableRow[] {
  return [...text.matchAll(/^\|.*\|\n\|[ :|-]+\|\n((?:\|.*\|\n?)+)/gm)].flatMap(([, rows = ""]) =>
    rows
      .trimEnd()
      .split("\n")
      .map((row) =>
        row
          .slice(1, -1)
          .split(/(?<!\\)\|/)
          .map((cell) => cell.trim()),
      ),
  );
}
