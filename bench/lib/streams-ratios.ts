import type { Bar, Row } from "./group.js";
import { divideFigures, type FigureOf, withoutGaps } from "./ratios.js";

const mib = 1024 * 1024;

const pairs = [
  ...["go-go", "grpc-js", "connect-node"].map((to) => ["tenon-tenon", to, "small"] as const),
  ["tenon-go", "go-go", "small"],
  ["go-tenon", "go-go", "small"],
  ["tenon-tenon", "raw-socket", "bulk"],
  ["tenon-tenon", "go-go", "bulk"],
] as const;

/** What the project means to hold. */
export const bars: readonly Bar[] = [
  { ratio: "tenon-tenon/go-go@small", atLeast: 3 },
  { ratio: "tenon-tenon/raw-socket@bulk", atLeast: 0.5 },
  { ratio: "peakRssGrowthMiB:tenon-tenon@small", atMost: 32 },
  { ratio: "peakRssGrowthMiB:tenon-tenon@bulk", atMost: 32 },
];

/** Ratios of speed, and the growth of memory of the process that grew most. */
export function compare(rows: readonly Row[]): Record<string, number> {
  const speed = (name: string, shape: string): FigureOf => ({ name, shape, figure: "messagesPerSecond" });
  const speeds = pairs.map(([of, to, at]) => [`${of}/${to}@${at}`, [speed(of, at), speed(to, at)]] as const);
  return {
    ...divideFigures(rows, Object.fromEntries(speeds)),
    ...withoutGaps(
      rows
        .filter(({ name }) => name === "tenon-tenon" || name === "go-go")
        .map((row) => [
          `peakRssGrowthMiB:${row.name}@${row["shape"]}`,
          Math.max(Number(row["clientPeakRssGrowthBytes"]), Number(row["serverPeakRssGrowthBytes"])) / mib,
        ]),
    ),
  };
}
