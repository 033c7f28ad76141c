import { parseArgs } from "node:util";

/** What `npm run bench -- …` was asked for. */
export interface BenchArguments {
  /** Run this group only. */
  readonly only: string | undefined;
  /** Names of the rows wanted. */
  readonly rows: readonly string[] | undefined;
  readonly rounds: number;
  readonly seconds: number;
  /** File to write. */
  readonly json: string | undefined;
  /** Folder to write pictures to. */
  readonly svg: string | undefined;
  readonly help: boolean;
}

/** Shown for `--help` and beside every complaint. */
export const usage = `npm run bench -- [options]

  --only GROUP     run one group
  --rows A,B       measure these rows only
  --rounds N       measure every row N times, in turn (default 5)
  --seconds S      length of one measurement (default 1.2)
  --json FILE      write machine, rows and ratios as JSON
  --svg FOLDER     write the pictures of the groups that have one: FOLDER/bench-GROUP.svg
  --help           print this`;

/** Reads the command line. Throws an `Error` with a sentence for a person. */
export function parseBenchArguments(args: readonly string[]): BenchArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string" },
      rows: { type: "string" },
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "1.2" },
      json: { type: "string" },
      svg: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const rounds = Number(values.rounds);
  const seconds = Number(values.seconds);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds must be a whole number from 1, not ${values.rounds}`);
  if (!(seconds > 0 && seconds <= 60))
    throw new Error(`--seconds must be more than 0 and at most 60, not ${values.seconds}`);
  const { only, json, svg, help } = values;
  return { only, rows: values.rows?.split(","), rounds, seconds, json, svg, help };
}
