import { withTimeout } from "../timing.js";
import { broken, type Check, type Verdict } from "./check.js";
import type { CheckResult, Outcome } from "./report.js";

/** How a table of checks is run. */
export interface RunChecksOptions {
  /** Areas and ids of checks to look at; empty: all. Other checks that these need run too and are not reported. */
  readonly only: readonly string[];
  /** Checks that run at the same time. */
  readonly maxParallel: number;
  /** A check that takes longer is broken, in milliseconds. */
  readonly checkTimeoutMs: number;
  /** Told of each result as it comes. */
  readonly onResult?: (result: CheckResult) => void;
}

/** Runs each check once its needs have passed, several at a time, and resolves with the results in the order of the table. */
export async function runChecks<Subject>(
  checks: readonly Check<Subject>[],
  subject: Subject,
  options: RunChecksOptions,
): Promise<CheckResult[]> {
  const byId = new Map(checks.map((check) => [check.id, check]));
  const results = new Map<string, Promise<CheckResult>>();
  const slots = createSlots(options.maxParallel);

  const resultOf = (id: string): Promise<CheckResult> => {
    const known = results.get(id);
    if (known !== undefined) return known;
    const check = byId.get(id);
    if (check === undefined) throw new Error(`there is no check ${id}`);
    const result = run(check);
    results.set(id, result);
    return result;
  };

  const run = async (check: Check<Subject>): Promise<CheckResult> => {
    const needs = await Promise.all((check.needs ?? []).map(resultOf));
    const lacking = needs.find(({ outcome }) => outcome !== "passed");
    if (lacking !== undefined) return describe(check, "skipped", `not looked at, because of ${lacking.id}`, 0);
    const release = await slots();
    const since = performance.now();
    try {
      const { found, saw } = await judge(check, subject, options.checkTimeoutMs);
      const outcome = found === "held" ? "passed" : found === "inapplicable" ? "skipped" : outcomes[check.level];
      return describe(check, outcome, saw, performance.now() - since);
    } finally {
      release();
    }
  };

  const wanted = checks.filter(
    ({ area, id }) => options.only.length === 0 || options.only.includes(area) || options.only.includes(id),
  );
  return Promise.all(
    wanted.map(async ({ id }) => {
      const result = await resultOf(id);
      options.onResult?.(result);
      return result;
    }),
  );
}

const outcomes: Readonly<Record<Check<unknown>["level"], Outcome>> = {
  must: "failed",
  should: "warned",
  may: "skipped",
};

async function judge<Subject>(check: Check<Subject>, subject: Subject, timeoutMs: number): Promise<Verdict> {
  try {
    return await withTimeout(check.run(subject), timeoutMs, "the check");
  } catch (error) {
    return broken(error instanceof Error ? error.message : String(error));
  }
}

function describe(check: Check<never>, outcome: Outcome, saw: string, elapsedMs: number): CheckResult {
  const { run: _, ...facts } = check;
  return { ...facts, outcome, saw, elapsedMs: Math.round(elapsedMs) };
}

/** Hands out so many slots, the next one when one is given back. */
export function createSlots(count: number): () => Promise<() => void> {
  let free = count;
  const waiting: (() => void)[] = [];
  const release = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return async () => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    return release;
  };
}
