/** What was closed is told of so often at most, however many connections there are. */
const tellEveryMs = 10_000;
/** Reasons that are told apart. */
const maxReasons = 32;

/** Counts connections that were closed before a plugin was bound by them, for the log. */
export interface ClosedTally {
  /** `remote` is the other end, as far as it is known. */
  add(why: string, remote: string | undefined): void;
  /** Tells now and then. To be called often. */
  sweep(now: number): void;
}

/** Makes it. */
export function createClosedTally(tell: (message: string) => void): ClosedTally {
  const closed = new Map<string, { count: number; remote: string | undefined }>();
  let tellAt = 0;
  return {
    add(why, remote) {
      const known = closed.get(why);
      if (known !== undefined) Object.assign(known, { count: known.count + 1, remote });
      else if (closed.size < maxReasons) closed.set(why, { count: 1, remote });
    },
    sweep(now) {
      if (closed.size === 0 || now < tellAt) return;
      tellAt = now + tellEveryMs;
      for (const [why, { count, remote }] of closed) {
        const what = count === 1 ? "a connection" : `${count} connections, the last one`;
        tell(`closed ${what}${remote === undefined ? "" : ` from ${remote}`}: ${why}`);
      }
      closed.clear();
    },
  };
}
