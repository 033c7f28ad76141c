/** One line of the result: what was measured, by its name, and the figures by theirs. */
export interface Row {
  readonly group: string;
  readonly name: string;
  /** Units are part of the names: `p50Us`, `callsPerSecond`. */
  readonly [figure: string]: string | number;
}

/** A limit that the project means to hold for a ratio; a ratio may have several. */
export interface Bar {
  /** Name of the ratio. */
  readonly ratio: string;
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** What a group is told before it runs. */
export interface RunOptions {
  /** How often every row is measured, in turn with the others; the medians count. */
  readonly rounds: number;
  /** Length of one measurement in seconds. */
  readonly seconds: number;
  /** Names of the rows wanted; all when undefined. */
  readonly rows: readonly string[] | undefined;
  readonly signal: AbortSignal;
  /** Takes sentences that a person wants to see at once: progress, and what was skipped and why. */
  readonly say: (sentence: string) => void;
}

/** What a group gives back. */
export interface GroupResult {
  /** Rounds that it really made; those asked for when undefined. */
  readonly rounds?: number;
  readonly rows: readonly Row[];
  readonly ratios: Readonly<Record<string, number>>;
}

/** A group of figures. Each file in `groups/` exports one as `group`; a new file is all that a new group needs. */
export interface Group {
  readonly name: string;
  /** One sentence that stands above the table. */
  readonly about: string;
  readonly bars: readonly Bar[];
  run(options: RunOptions): Promise<GroupResult>;
  /** Draws the rows as an SVG document, for groups that have a picture. */
  draw?(rows: readonly Row[]): string;
}
