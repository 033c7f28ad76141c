import type { Bar, Row } from "./group.js";
import { withoutGaps } from "./ratios.js";

/** Every launcher beside what it is made of, bare. */
const pairs = [
  ["inline", "function-call"],
  ["worker", "post-message"],
  ["process", "raw-socket"],
  ["stdio", "raw-socket"],
  ["pie-go", "raw-socket"],
  ["inline", "process"],
  ["worker", "process"],
  ["stdio", "process"],
] as const;

/** What the project means to hold. */
export const bars: readonly Bar[] = [
  { ratio: "callsPerSecond:inline@64", atLeast: 1_000_000 },
  { ratio: "worker/post-message@64", atLeast: 0.7 },
];

/** Ratios of calls per second with 64 callers and of medians with one. */
export function compare(rows: readonly Row[]): Record<string, number> {
  const find = (name: string, callers: number, figure: string) =>
    Number(rows.find((row) => row.name === name && row["callers"] === callers)?.[figure]);
  return withoutGaps([
    ["callsPerSecond:inline@64", find("inline", 64, "callsPerSecond")],
    ...pairs.map(
      ([of, to]) => [`${of}/${to}@64`, find(of, 64, "callsPerSecond") / find(to, 64, "callsPerSecond")] as const,
    ),
    ...pairs.map(([of, to]) => [`p50:${of}/${to}@1`, find(of, 1, "p50Us") / find(to, 1, "p50Us")] as const),
  ]);
}
