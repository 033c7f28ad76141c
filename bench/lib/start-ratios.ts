import type { Bar, Row } from "./group.js";
import { withoutGaps } from "./ratios.js";

const pairs = [
  ["tenon-tenon", "node-empty"],
  ["tenon-tenon-mtls", "node-empty"],
  ["tenon-tenon-not-bundled", "node-empty"],
  ["tenon-go", "go-go"],
  ["tenon-go-mtls", "go-go-mtls"],
  ["go-tenon", "node-empty"],
  ["go-tenon-mtls", "node-empty"],
  ["import-plugin", "node-empty"],
  ["import-host", "node-empty"],
] as const;

/** What the project means to hold. */
export const bars: readonly Bar[] = [
  { ratio: "tenon-tenon/node-empty", atMost: 1.6 },
  { ratio: "tenon-tenon-mtls/node-empty", atMost: 1.6 },
  { ratio: "tenon-go/go-go", atMost: 1.3 },
  { ratio: "tenon-go-mtls/go-go-mtls", atMost: 1.3 },
  { ratio: "importMs:plugin", atMost: 15 },
  { ratio: "importMs:host", atMost: 40 },
];

/** Ratios of the medians, and what imports add to an empty module in milliseconds. */
export function compare(rows: readonly Row[]): Record<string, number> {
  const time = (name: string) => Number(rows.find((row) => row.name === name)?.["p50Ms"]);
  return withoutGaps([
    ...pairs.map(([of, to]) => [`${of}/${to}`, time(of) / time(to)] as const),
    ...["plugin", "host"].map((each) => [`importMs:${each}`, time(`import-${each}`) - time("import-nothing")] as const),
  ]);
}
