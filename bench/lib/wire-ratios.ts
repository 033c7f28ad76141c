import type { Bar, Row } from "./group.js";
import { divideFigures, type FigureOf, withoutGaps } from "./ratios.js";

const names = ["tenon-tenon", "go-go"];

/** What the project means to hold. */
export const bars: readonly Bar[] = [
  { ratio: "p99:tenon-tenon@beside-stream/quiet", atMost: 3 },
  { ratio: "heapKiBPerConnection:tenon-tenon", atMost: 64 },
  { ratio: "rssKiBPerConnection:tenon-tenon", atMost: 64 },
  { ratio: "heapKiBPerStream:tenon-tenon", atMost: 4 },
];

/** Ratios to the rival, ratios of a loaded connection to a quiet one, and memory of the end that takes more. */
export function compare(rows: readonly Row[]): Record<string, number> {
  const at = (name: string, shape: string, figure: string): FigureOf => ({ name, shape, figure });
  const toRival = ["plain", "headers", "large"].map(
    (shape) =>
      [
        `tenon-tenon/go-go@${shape}`,
        [at("tenon-tenon", shape, "callsPerSecond"), at("go-go", shape, "callsPerSecond")],
      ] as const,
  );
  const toQuiet = ["beside-stream", "beside-idle"].flatMap((shape) =>
    ["p50", "p99"].flatMap((quantile) =>
      names.map(
        (name) =>
          [
            `${quantile}:${name}@${shape}/quiet`,
            [at(name, shape, `${quantile}Us`), at(name, "quiet", `${quantile}Us`)],
          ] as const,
      ),
    ),
  );
  const toPlain = names.map(
    (name) =>
      [`${name}@headers/plain`, [at(name, "headers", "callsPerSecond"), at(name, "plain", "callsPerSecond")]] as const,
  );
  return {
    ...divideFigures(rows, Object.fromEntries([...toRival, ...toPlain, ...toQuiet])),
    ...withoutGaps(rows.filter((row) => "held" in row).flatMap(memoryFigures)),
  };
}

function memoryFigures(row: Row): [string, number][] {
  const each = row["shape"] === "stream-memory" ? "Stream" : "Connection";
  const larger = (figure: string) => Math.max(Number(row[`client${figure}`]), Number(row[`server${figure}`])) / 1024;
  return [
    [`heapKiBPer${each}:${row.name}`, larger("HeapBytesEach")],
    [`rssKiBPer${each}:${row.name}`, larger("RssBytesEach")],
  ];
}
