/** A kind of multi-line text that one fault prints: a panic, a stack trace, a traceback. */
export interface TraceKind {
  readonly name: "go" | "rust" | "python" | "javascript-uncaught" | "stack";
  /** Matches the first line. */
  readonly starts: RegExp;
  /**
   * Says from the lines after the first whether this is such a text. Without it the first line is proof enough.
   * "wait" holds the lines back until more come or the stream falls idle.
   */
  readonly verdict?: (following: readonly string[]) => "yes" | "wait" | "no";
  /** Whether `line` still belongs to it; `previous` is the line before it, `count` the number of lines so far. */
  readonly continues: (line: string, previous: string, count: number) => boolean;
  /** Matches a line that is the last one. */
  readonly ends?: RegExp;
}

const frame = /^\s+at \S/;
const caret = /^\s*\^+\s*$/;
const indentedOrBlank = /^(?:\s|$)/;
const pythonChain = /^(?:Traceback \(most recent call last\):|During handling of |The above exception )/;
const stackTail = /^(?:\s|$|[}\])]|Caused by: |Node\.js v\d)/;
const nodeFooter = /^Node\.js v\d/;

/** Lines a stack trace may have between its first line and its first frame: a message of several lines. */
const maxMessageLines = 6;

/** Every kind that is joined into one record, tried in this order. */
export const traceKinds: readonly TraceKind[] = [
  {
    name: "go",
    // The Go runtime separates parts of a dump by blank lines and adds others' goroutines: all that follows belongs to it.
    starts: /^(?:panic: |fatal error: |goroutine \d+ (?:\S+ )*\[|SIG[A-Z]+: )/,
    continues: () => true,
    ends: /^exit status \d+$/,
  },
  {
    name: "rust",
    starts: /^thread '.*' (?:\(\d+\) )?panicked at /,
    continues: (line, _previous, count) => count === 1 || /^(?:\s|$|note: |stack backtrace:)/.test(line),
  },
  {
    name: "python",
    starts: /^(?:Traceback \(most recent call last\):|Exception in thread )/,
    // The one unindented line right after an indented one names the exception.
    continues: (line, previous) => indentedOrBlank.test(line) || pythonChain.test(line) || /^\s+\S/.test(previous),
  },
  {
    name: "javascript-uncaught",
    starts: /^(?:file:\/\/|node:|\/|[A-Za-z]:[\\/]).*:\d+$/,
    verdict: (following) => {
      if (following.some((line) => caret.test(line))) return "yes";
      return following.length < 2 ? "wait" : "no";
    },
    continues: () => true,
    ends: nodeFooter,
  },
  {
    name: "stack",
    starts: /(?:^|[\s([])[\w$.]*(?:Error|Exception)(?: \[\w+\])?(?::|$)/,
    verdict: (following) => {
      if (frame.test(following[following.length - 1] ?? "")) return "yes";
      return following.length < maxMessageLines ? "wait" : "no";
    },
    continues: (line) => stackTail.test(line),
    ends: nodeFooter,
  },
];

/** Matches the first line of every kind, and so tells in one go that a line is none: most lines are not. */
export const anyTraceStart = new RegExp(traceKinds.map(({ starts }) => `(?:${starts.source})`).join("|"));
