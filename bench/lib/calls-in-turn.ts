import { payloadBytes } from "./client-loop.js";
import type { ClientProcess } from "./client-process.js";
import type { Row, RunOptions } from "./group.js";
import type { Measurement } from "./measure.js";
import { median } from "./median.js";

const callersMeasured = [1, 64];
/** Length of a warm-up in relation to what follows: at first code must be compiled, later only caches filled. */
const firstWarmUp = 1;
const laterWarmUp = 1 / 6;
/** Medians of a row that differ by a larger factor from round to round are worth a remark. */
const quietSpread = 2;

/**
 * Has every client make calls, alone and with 64 callers. Measures A B C … A B C …, so that a busy moment of the machine does not hit one
 * row alone. The names of the clients become those of the rows.
 */
export async function measureInTurn(
  group: string,
  clients: ReadonlyMap<string, ClientProcess>,
  options: RunOptions,
): Promise<Row[]> {
  const { rounds, seconds, signal, say } = options;
  const measured = new Map<string, Measurement[]>();
  for (let round = 0; round < rounds; round += 1) {
    say(`round ${round + 1} of ${rounds}`);
    for (const callers of callersMeasured) {
      for (const [name, client] of clients) {
        signal.throwIfAborted();
        await client.ask({ callers, seconds: seconds * (round === 0 ? firstWarmUp : laterWarmUp) });
        signal.throwIfAborted();
        const measurement = await client.ask<Measurement>({ callers, seconds });
        const key = JSON.stringify([name, callers]);
        measured.set(key, [...(measured.get(key) ?? []), measurement]);
      }
    }
  }
  return [...measured].map(([key, measurements]) => {
    const [name, callers] = JSON.parse(key) as [string, number];
    const p50s = measurements.map(({ p50Us }) => p50Us);
    const [least, most] = [Math.min(...p50s), Math.max(...p50s)];
    if (most > least * quietSpread) {
      say(`${name}@${callers}: p50 was ${formatUs(least)} to ${formatUs(most)} µs, so the machine was not quiet`);
    }
    return toRow(group, name, callers, measurements);
  });
}

/** Times below 10 µs, those of calls within one thread, have two places. */
function formatUs(us: number): string {
  return us.toFixed(us < 10 ? 2 : 0);
}

function toRow(group: string, name: string, callers: number, measurements: readonly Measurement[]): Row {
  const microseconds = (values: readonly number[]): number => {
    const value = median(values);
    return value < 10 ? Math.round(value * 100) / 100 : Math.round(value * 10) / 10;
  };
  return {
    group,
    name,
    callers,
    payloadBytes,
    callsPerSecond: Math.round(median(measurements.map(({ calls, seconds }) => calls / seconds))),
    p50Us: microseconds(measurements.map(({ p50Us }) => p50Us)),
    p99Us: microseconds(measurements.map(({ p99Us }) => p99Us)),
  };
}
