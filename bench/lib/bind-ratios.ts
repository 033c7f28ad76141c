import type { Bar, Row } from "./group.js";
import { withoutGaps } from "./ratios.js";

const pairs = [
  ["bind", "process"],
  ["bind-unix", "process"],
  ["bind-tls", "bind"],
  ["bind", "raw-socket"],
  ["process", "raw-socket"],
] as const;

/** What the project means to hold. */
export const bars: readonly Bar[] = [
  { ratio: "bind/process@64", atLeast: 0.5 },
  { ratio: "p50:bind/process@64", atMost: 2 },
  { ratio: "p50Ms:bind-restart", atMost: 1000 },
];

/** Ratios of calls per second with 64 callers, of medians with 64 and with one; and times until the first answer. */
export function compare(rows: readonly Row[]): Record<string, number> {
  const find = (name: string, figure: string, callers?: number) =>
    Number(rows.find((row) => row.name === name && row["callers"] === callers)?.[figure]);
  const divide = (figure: string, callers: number) =>
    pairs.map(([of, to]) => [`${of}/${to}@${callers}`, find(of, figure, callers) / find(to, figure, callers)] as const);
  const p50 = (callers: number) => divide("p50Us", callers).map(([key, ratio]) => [`p50:${key}`, ratio] as const);
  return withoutGaps([
    ...divide("callsPerSecond", 64),
    ...p50(64),
    ...p50(1),
    ["p50Ms:bind-mount", find("bind-mount", "p50Ms")],
    ["p50Ms:bind-restart", find("bind-restart", "p50Ms")],
    ["bind-restart/process-start", find("bind-restart", "p50Ms") / find("process-start", "p50Ms")],
  ]);
}
