import type { Row } from "./group.js";
import { rect, svg } from "./svg.js";

interface Panel {
  readonly title: string;
  readonly callers: number;
  readonly figure: "callsPerSecond" | "p50Us";
  readonly format: (value: number) => string;
}

const panels: readonly Panel[] = [
  {
    title: "64 callers: calls per second, longer is better",
    callers: 64,
    figure: "callsPerSecond",
    format: (value) => Math.round(value).toLocaleString("en"),
  },
  {
    title: "One caller: median time of a call, shorter is better",
    callers: 1,
    figure: "p50Us",
    format: (value) => `${Math.round(value)} µs`,
  },
];

const labels: Readonly<Record<string, string>> = {
  "raw-socket": "raw socket echo, no RPC",
  "tenon-tenon": "Tenon host, Tenon plugin",
  "tenon-go": "Tenon host, Go plugin",
  "go-tenon": "Go host, Tenon plugin",
  "go-go": "Go host, Go plugin",
  "grpc-js": "grpc-js",
  "connect-node": "connect-node",
};

const left = 200;
const longest = 440;
const rowHeight = 26;
const titleHeight = 44;

/** Draws the group `calls`: a panel of horizontal bars on a linear scale for each question, best row first. */
export function drawCalls(rows: readonly Row[]): string {
  let y = 8;
  const parts: string[] = [];
  for (const panel of panels) {
    parts.push(`<text class="title" x="12" y="${y + 26}">${panel.title}</text>`);
    y += titleHeight;
    for (const bar of barsOf(panel, rows)) {
      parts.push(...drawBar(bar, y));
      y += rowHeight;
    }
    y += 12;
  }
  return svg("Unary calls over a unix socket with a 64-byte value", y, parts);
}

interface DrawnBar {
  readonly name: string;
  readonly length: number;
  readonly text: string;
}

function barsOf({ callers, figure, format }: Panel, rows: readonly Row[]): DrawnBar[] {
  const values = rows
    .filter((row) => row["callers"] === callers)
    .map(({ name, [figure]: value }) => ({ name, value: Number(value) }))
    .sort((a, b) => (figure === "p50Us" ? a.value - b.value : b.value - a.value));
  const most = Math.max(...values.map(({ value }) => value));
  return values.map(({ name, value }) => ({
    name,
    length: Math.max(2, Math.round((value / most) * longest)),
    text: format(value),
  }));
}

function drawBar({ name, length, text }: DrawnBar, y: number): string[] {
  const kind = name === "tenon-tenon" ? "ours" : name.includes("tenon") ? "mixed" : "bar";
  return [
    `<text x="${left - 12}" y="${y + 16}" text-anchor="end">${labels[name] ?? name}</text>`,
    rect(kind, left, y + 3, length, rowHeight - 8),
    `<text x="${left + length + 8}" y="${y + 16}">${text}</text>`,
  ];
}
