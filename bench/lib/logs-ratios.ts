import type { Bar, Row } from "./group.js";
import { logCallers, logRows, logShapes } from "./logs-shapes.js";
import { withoutGaps } from "./ratios.js";

const carriers = ["bind", "process"];

/** What the project means to hold. */
export const bars: readonly Bar[] = [
  ...logCallers.map((callers) => ({ ratio: `p99:bind@small-logs/quiet@${callers}`, atMost: 1.25 })),
  ...carriers.map((carrier) => ({ ratio: `uncountedRecords:${carrier}`, atMost: 0 })),
];

/** Times of calls beside logs by those without; and records of which nobody knows what became of them. */
export function compare(rows: readonly Row[]): Record<string, number> {
  const find = (name: string, shape: string, callers: number, figure: string) =>
    Number(rows.find((row) => row.name === name && row["shape"] === shape && row["callers"] === callers)?.[figure]);
  const ratios = logRows.flatMap(({ name }) =>
    logShapes.slice(1).flatMap(({ shape }) =>
      logCallers.flatMap((callers) =>
        ["p50", "p99"].map((quantile) => {
          const of = (each: string) => find(name, each, callers, `${quantile}Us`);
          return [`${quantile}:${name}@${shape}/quiet@${callers}`, of(shape) / of("quiet")] as const;
        }),
      ),
    ),
  );
  return withoutGaps([
    ...ratios,
    ...carriers.map((name) => [`uncountedRecords:${name}`, uncounted(rows, name)] as const),
  ]);
}

function uncounted(rows: readonly Row[], carrier: string): number {
  const own = rows.filter(({ name }) => name.startsWith(carrier));
  if (own.length === 0) return Number.NaN;
  const sum = (figure: string) => own.reduce((total, row) => total + Number(row[figure]), 0);
  return sum("offered") - sum("taken") - sum("dropped");
}
