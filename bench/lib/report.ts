import type { Bar, Row } from "./group.js";

/** Rows as a table for a terminal; every figure is a column. */
export function formatRows(rows: readonly Row[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((column) => column !== "group");
  return formatTable([columns, ...rows.map((row) => columns.map((column) => formatCell(row[column])))]);
}

/**
 * Ratios with the bars that each is to hold, and whether it did. A name without "/" is no ratio but a figure, whose unit
 * is in its name.
 */
export function formatRatios(ratios: Readonly<Record<string, number>>, bars: readonly Bar[]): string {
  return formatTable([
    ["ratio", "is", "bars"],
    ...Object.entries(ratios).map(([name, ratio]) => [
      name,
      name.includes("/") ? `${ratio.toFixed(2)} ×` : ratio.toFixed(2),
      bars
        .filter((bar) => bar.ratio === name)
        .map((bar) => `${formatBar(bar)} ${holds(bar, ratio) ? "held" : "MISSED"}`)
        .join(", "),
    ]),
  ]);
}

function formatBar({ atLeast, atMost }: Bar): string {
  return atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`;
}

function holds({ atLeast, atMost }: Bar, ratio: number): boolean {
  return ratio >= (atLeast ?? Number.NEGATIVE_INFINITY) && ratio <= (atMost ?? Number.POSITIVE_INFINITY);
}

function formatCell(value: string | number | undefined): string {
  return typeof value === "number" ? value.toLocaleString("en") : (value ?? "");
}

/** First column to the left, the others to the right. */
function formatTable(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join("  "),
    )
    .join("\n");
}
