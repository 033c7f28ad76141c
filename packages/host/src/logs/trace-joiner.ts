import type { LogPart } from "./record.js";
import { anyTraceStart, type TraceKind, traceKinds } from "./traces.js";

/** Joins the lines of panics, stack traces and tracebacks; passes every other line on alone. */
export interface TraceJoiner {
  /** Takes the next line of plain text. It may be held back until the following lines tell what it is. */
  push(line: string): void;
  /** Hands out everything held back, at once. */
  flush(): void;
}

/** What a joiner needs. */
export interface TraceJoinerOptions {
  /** Lines held back are handed out when no further line came for this many milliseconds. */
  readonly idleMs: number;
  /** A joined text that would grow beyond this many characters is handed out in pieces. */
  readonly maxLength: number;
  /** Receives a line alone (`isTrace` false) or a joined text (`isTrace` true). */
  readonly emit: (text: string, isTrace: boolean, part: LogPart | undefined) => void;
}

type State =
  | { readonly name: "empty" }
  | { readonly name: "undecided"; readonly kind: TraceKind; readonly lines: string[] }
  | { readonly name: "joining"; readonly kind: TraceKind; readonly joined: Joined };

/** Lines joined so far. */
interface Joined {
  lines: string[];
  length: number;
  /** Pieces already handed out because the text grew too long. */
  pieces: number;
  previous: string;
  count: number;
}

/** Creates a joiner. It owns one timer, which runs only while lines are held back. */
export function createTraceJoiner(options: TraceJoinerOptions): TraceJoiner {
  const { idleMs, maxLength, emit } = options;
  let state: State = { name: "empty" };
  let timer: NodeJS.Timeout | undefined;

  const emitJoined = (joined: Joined, last: boolean): void => {
    const text = joined.lines.join("\n");
    const part = joined.pieces === 0 && last ? undefined : { index: joined.pieces, last };
    emit(last ? text.trimEnd() : text, true, part);
    joined.lines = [];
    joined.length = 0;
    joined.pieces++;
  };

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const held = state;
    state = { name: "empty" };
    if (held.name === "joining") emitJoined(held.joined, true);
    if (held.name === "undecided") for (const line of held.lines) emit(line, false, undefined);
  };

  const join = (kind: TraceKind, lines: readonly string[]): void => {
    const joined: Joined = { lines: [], length: 0, pieces: 0, previous: "", count: 0 };
    state = { name: "joining", kind, joined };
    let isOpen = true;
    for (const line of lines) {
      if (isOpen) isOpen = append(kind, joined, line);
      else accept(line);
    }
  };

  /** Returns false where the line was the last one. */
  const append = (kind: TraceKind, joined: Joined, line: string): boolean => {
    if (joined.length > 0 && joined.length + line.length > maxLength) emitJoined(joined, false);
    joined.lines.push(line);
    joined.length += line.length + 1;
    joined.previous = line;
    joined.count++;
    const isLast = kind.ends?.test(line) === true;
    if (isLast) flush();
    return !isLast;
  };

  const accept = (line: string): void => {
    if (state.name === "joining") {
      const { kind, joined } = state;
      if (kind.continues(line, joined.previous, joined.count)) {
        append(kind, joined, line);
        return;
      }
      flush();
    }
    if (state.name === "undecided") {
      decide(state.kind, [...state.lines, line]);
      return;
    }
    const kind = anyTraceStart.test(line) ? traceKinds.find(({ starts }) => starts.test(line)) : undefined;
    if (kind === undefined) emit(line, false, undefined);
    else if (kind.verdict === undefined) join(kind, [line]);
    else state = { name: "undecided", kind, lines: [line] };
  };

  const decide = (kind: TraceKind, lines: string[]): void => {
    const verdict = kind.verdict?.(lines.slice(1));
    if (verdict === "yes") {
      join(kind, lines);
    } else if (verdict === "wait") {
      state = { name: "undecided", kind, lines };
    } else {
      state = { name: "empty" };
      emit(lines[0] ?? "", false, undefined);
      for (const line of lines.slice(1)) accept(line);
    }
  };

  return {
    push(line) {
      accept(line);
      if (state.name === "empty") {
        clearTimeout(timer);
        timer = undefined;
      } else if (timer === undefined) {
        timer = setTimeout(flush, idleMs);
      } else {
        timer.refresh();
      }
    },
    flush,
  };
}
