import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { requirements } from "./requirements.js";
import { citedIds, collectTitles } from "./titles.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const known = new Map(requirements.map((row) => [row.id, row]));

interface Citation {
  readonly id: string;
  readonly where: string;
  readonly skipped: boolean;
}

function testFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === "node_modules" || entry.name === "dist" || entry.name.startsWith(".")) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return testFiles(path);
    return entry.name.endsWith(".test.ts") ? [path] : [];
  });
}

const citations: Citation[] = testFiles(root).flatMap((file) =>
  collectTitles(readFileSync(file, "utf8")).flatMap((title) =>
    citedIds(title.text).map((id) => ({
      id,
      where: `${relative(root, file)}:${title.line}`,
      skipped: title.skipped,
    })),
  ),
);

/** Fails with the whole list, so that one run tells everything. */
function none(what: string, lines: readonly string[]): void {
  if (lines.length > 0) assert.fail(`${lines.length} ${what}:\n${lines.map((line) => `  ${line}`).join("\n")}`);
}

test("every requirement has a well-formed id of its own, a source and a sentence", () => {
  const ids = requirements.map((row) => row.id);
  none(
    "duplicate ids",
    ids.filter((id, index) => ids.indexOf(id) !== index),
  );
  none(
    "malformed rows",
    requirements
      .filter(
        (row) => citedIds(`[${row.id}]`)[0] !== row.id || row.source === "" || !/^[A-Za-z].*\.$/.test(row.sentence),
      )
      .map((row) => row.id),
  );
});

test("every requirement is cited by a test that can run", () => {
  const running = new Set(citations.filter((citation) => !citation.skipped).map((citation) => citation.id));
  none(
    "requirements without a running test",
    requirements
      .filter((row) => !running.has(row.id))
      .map((row) => {
        const asleep = citations.filter((citation) => citation.id === row.id).map((citation) => citation.where);
        return `${row.id} (${row.side}) ${row.sentence}${asleep.length > 0 ? ` Only skipped: ${asleep.join(", ")}` : ""}`;
      }),
  );
});

test("every id that a test cites is a requirement", () => {
  none(
    "unknown ids",
    citations.filter((citation) => !known.has(citation.id)).map((citation) => `${citation.id} at ${citation.where}`),
  );
});
