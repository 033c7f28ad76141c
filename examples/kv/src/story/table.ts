import type { StoryPlugin } from "./plugins.js";
import type { StoreResult } from "./store-files.js";

/** What one plugin did. */
export interface StoryRow extends StoreResult {
  readonly plugin: StoryPlugin;
  readonly version: number;
  readonly tls: boolean;
  /** Time from the start of the process to the first answer, in milliseconds. */
  readonly startMs: number;
}

const columns: readonly (readonly [title: string, cell: (row: StoryRow) => string])[] = [
  ["plugin", ({ plugin }) => plugin.name],
  ["language", ({ plugin }) => plugin.language],
  ["launcher", ({ plugin }) => plugin.launcher],
  ["protocol", ({ version }) => String(version)],
  ["TLS", ({ tls }) => (tls ? "AutoMTLS" : "no")],
  ["calls", ({ calls }) => String(calls)],
  ["errors", ({ errors }) => String(errors.length)],
  ["calls/s", ({ callsPerSecond }) => Math.round(callsPerSecond).toLocaleString("en")],
  ["p50", ({ p50Ms }) => `${p50Ms.toFixed(2)} ms`],
  ["p99", ({ p99Ms }) => `${p99Ms.toFixed(2)} ms`],
  ["start", ({ startMs }) => `${Math.round(startMs)} ms`],
];

/** Text columns go to the left, figures to the right. */
const textColumns = 5;

/** The table of all rows, for a terminal. */
export function formatTable(rows: readonly StoryRow[]): string {
  const lines = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, cell]) => cell(row)))];
  const widths = columns.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => (column < textColumns ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
        .join("  "),
    )
    .join("\n");
}
