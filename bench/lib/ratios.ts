import type { Row } from "./group.js";

/** One figure of a row, found by name and shape. */
export interface FigureOf {
  readonly name: string;
  readonly shape: string;
  readonly figure: string;
}

/** Ratios by name: a figure by another one. Those of which a row was not measured are left out. */
export function divideFigures(
  rows: readonly Row[],
  ratios: Readonly<Record<string, readonly [of: FigureOf, to: FigureOf]>>,
): Record<string, number> {
  const find = ({ name, shape, figure }: FigureOf) =>
    Number(rows.find((row) => row.name === name && row["shape"] === shape)?.[figure]);
  return withoutGaps(Object.entries(ratios).map(([key, [of, to]]) => [key, find(of) / find(to)]));
}

/** Rounds figures to three places and drops those that are missing. */
export function withoutGaps(figures: readonly (readonly [key: string, figure: number])[]): Record<string, number> {
  return Object.fromEntries(
    figures
      .filter(([, figure]) => Number.isFinite(figure))
      .map(([key, figure]) => [key, Math.round(figure * 1000) / 1000]),
  );
}
