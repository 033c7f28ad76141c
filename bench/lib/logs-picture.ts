import type { Row } from "./group.js";
import { logCallers, logRows, logShapes, recordsPerSecond } from "./logs-shapes.js";
import { rect, svg } from "./svg.js";

const left = 200;
const barHeight = 16;
const rowHeight = 22;
/** The scale is logarithmic, from this on. */
const leastUs = 10;
const decadePixels = 100;

/** Draws the group `logs`: for each plugin a bar for each flood, dark to the median of its calls, light to the 99th percentile. */
export function drawLogs(rows: readonly Row[]): string {
  let y = 8;
  const parts: string[] = [];
  for (const callers of logCallers) {
    const who = callers === 1 ? "One caller" : `${callers} callers`;
    parts.push(
      `<text class="title" x="12" y="${y + 26}">${who}: median and 99th percentile of a call, logarithmic</text>`,
    );
    y += 40;
    for (const { name, carrier, label } of logRows) {
      const own = rows.filter((row) => row.name === name && row["callers"] === callers);
      if (own.length === 0) continue;
      parts.push(`<text x="${left}" y="${y + 14}">${label}</text>`);
      y += rowHeight;
      for (const { shape, label: logs } of logShapes) {
        const row = own.find((each) => each["shape"] === shape);
        if (row === undefined) continue;
        parts.push(...drawRow(logs, carrier === "bind", Number(row["p50Us"]), Number(row["p99Us"]), y));
        y += rowHeight;
      }
      y += 6;
    }
    y += 6;
  }
  const title = `Calls beside ${recordsPerSecond.toLocaleString("en")} log records a second`;
  return svg(title, y, parts);
}

function drawRow(label: string, isOurs: boolean, p50Us: number, p99Us: number, y: number): string[] {
  const [middle, end] = [lengthOf(p50Us), lengthOf(p99Us)];
  return [
    `<text x="${left - 12}" y="${y + 13}" text-anchor="end">${label}</text>`,
    `<g opacity="0.45">${rect(isOurs ? "ours" : "bar", left, y, end, barHeight)}</g>`,
    rect(isOurs ? "ours" : "bar", left, y, middle, barHeight),
    `<text x="${left + end + 8}" y="${y + 13}">${format(p50Us)}, ${format(p99Us)}</text>`,
  ];
}

function lengthOf(us: number): number {
  return Math.max(2, Math.round(Math.log10(us / leastUs) * decadePixels));
}

function format(us: number): string {
  return us < 1000 ? `${Math.round(us)} µs` : `${(us / 1000).toFixed(1)} ms`;
}
