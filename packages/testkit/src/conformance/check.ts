/**
 * How much a rule matters. `must`: without it a peer breaks, loses calls or is left with something. `should`: it works, and
 * somebody suffers, or one kind of host cannot use it. `may`: worth knowing, never held against anybody.
 */
export type Level = "must" | "should" | "may";

/** What a check says about itself; the report and the tables of the guide are made from it. */
export interface CheckFacts {
  /** Its name for good: area, dash, rule. */
  readonly id: string;
  readonly area: string;
  /** What holds where the check passes. */
  readonly title: string;
  /** Where the rule comes from: ids of the requirements, behaviour of go-plugin, both. */
  readonly rule: string;
  readonly level: Level;
  /** What was expected, in a report of a failure. */
  readonly expects: string;
  /** What to do about a failure. */
  readonly next: string;
  /** Checks without whose success this one cannot be looked at. */
  readonly needs?: readonly string[];
}

/** One check and how to make it. */
export interface Check<Subject> extends CheckFacts {
  /** Looks at the subject. What it throws counts as broken, with the error's message as what came. */
  readonly run: (subject: Subject) => Promise<Verdict>;
}

/** What a check found. */
export type Verdict =
  | { readonly found: "held"; readonly saw: string }
  | { readonly found: "broken"; readonly saw: string }
  | { readonly found: "inapplicable"; readonly saw: string };

/** The rule holds; `saw` says what was seen, in a few words. */
export function held(saw = ""): Verdict {
  return { found: "held", saw };
}

/** The rule is broken; `saw` says what came instead. */
export function broken(saw: string): Verdict {
  return { found: "broken", saw };
}

/** The rule says nothing about this subject; `why` says why. */
export function inapplicable(why: string): Verdict {
  return { found: "inapplicable", saw: why };
}

/** `held` or `broken`. */
export function verdict(holds: boolean, saw: string): Verdict {
  return holds ? held(saw) : broken(saw);
}
