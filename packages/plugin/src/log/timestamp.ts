/** Where {@link createTimestamps} reads the time. */
export interface TimeSource {
  /** Milliseconds since the epoch, by the wall clock. */
  wallMs(): number;
  /** Milliseconds since some fixed moment, with fractions; never goes back. */
  steadyMs(): number;
}

const systemTime: TimeSource = { wallMs: () => Date.now(), steadyMs: () => performance.now() };

/** How far the steady clock may drift from the wall clock before it is set anew, in milliseconds. */
const maxDriftMs = 250;

/**
 * Makes a function that returns the present as `YYYY-MM-DDTHH:MM:SS.ffffffZ`: six fraction digits, no more and no
 * less, since Go hosts take any other number of them for plain text. Its results never go back, unless the wall clock
 * itself was set back.
 */
export function createTimestamps(time: TimeSource = systemTime): () => string {
  // The wall clock counts whole milliseconds only, so the steady one supplies the rest. It stands still while the
  // machine sleeps and knows nothing of corrections, so the distance between the two has to be watched.
  let originMs = time.wallMs() - time.steadyMs();
  let lastMicros = 0;
  return () => {
    const steadyMs = time.steadyMs();
    const driftMs = time.wallMs() - (originMs + steadyMs);
    if (Math.abs(driftMs) > maxDriftMs) {
      originMs += driftMs;
      if (driftMs < 0) lastMicros = 0;
    }
    lastMicros = Math.max(lastMicros, Math.floor((originMs + steadyMs) * 1000));
    const seconds = new Date(Math.floor(lastMicros / 1000)).toISOString().slice(0, -1);
    return `${seconds}${String(lastMicros % 1000).padStart(3, "0")}Z`;
  };
}
