import type { Bar, Row } from "./group.js";

const ratios: readonly {
  name: string;
  figure: "callsPerSecond" | "p50Us" | "p99Us";
  of: string;
  to: string;
  at: number;
}[] = [
  ...["go-go", "grpc-js", "connect-node", "raw-socket"].map((to) => throughput("tenon-tenon", to)),
  throughput("tenon-go", "go-go"),
  throughput("go-tenon", "go-go"),
  ...["raw-socket", "go-go"].map((to) => latency("p50", "tenon-tenon", to)),
  latency("p99", "tenon-tenon", "go-go"),
];

/** What the project means to hold. */
export const bars: readonly Bar[] = [
  { ratio: "tenon-tenon/go-go@64", atLeast: 1.5 },
  { ratio: "tenon-tenon/go-go@64", atLeast: 3 },
  { ratio: "tenon-tenon/grpc-js@64", atLeast: 8 },
  { ratio: "tenon-tenon/grpc-js@64", atLeast: 15 },
  { ratio: "tenon-tenon/connect-node@64", atLeast: 40 },
  { ratio: "tenon-go/go-go@64", atLeast: 1.3 },
  { ratio: "go-tenon/go-go@64", atLeast: 1.3 },
  { ratio: "p50:tenon-tenon/raw-socket@1", atMost: 1.5 },
  { ratio: "p50:tenon-tenon/raw-socket@1", atMost: 1.25 },
  { ratio: "p50:tenon-tenon/go-go@1", atMost: 1 },
  { ratio: "p99:tenon-tenon/go-go@1", atMost: 1.5 },
];

function throughput(of: string, to: string) {
  return { name: `${of}/${to}@64`, figure: "callsPerSecond", of, to, at: 64 } as const;
}

function latency(quantile: "p50" | "p99", of: string, to: string) {
  return { name: `${quantile}:${of}/${to}@1`, figure: `${quantile}Us`, of, to, at: 1 } as const;
}

/** The ratios of all pairs of rows that were both measured. */
export function compare(rows: readonly Row[]): Record<string, number> {
  const figureOf = (name: string, callers: number, figure: string) =>
    Number(rows.find((row) => row.name === name && row["callers"] === callers)?.[figure]);
  return Object.fromEntries(
    ratios
      .map(({ name, figure, of, to, at }) => [name, figureOf(of, at, figure) / figureOf(to, at, figure)] as const)
      .filter(([, ratio]) => Number.isFinite(ratio))
      .map(([name, ratio]) => [name, Math.round(ratio * 1000) / 1000]),
  );
}
