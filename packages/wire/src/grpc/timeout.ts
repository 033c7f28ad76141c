/** The `grpc-timeout` header: at most eight digits and a unit (gRPC over HTTP/2, "Timeout"). */

const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** Milliseconds to a header value, rounded up to the next whole unit that fits in eight digits. */
export function formatTimeout(ms: number): string {
  if (ms <= 0) return "0m";
  const whole = Math.ceil(ms);
  if (whole < 1e8) return `${whole}m`;
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 1e8) return `${seconds}S`;
  return `${Math.min(Math.ceil(ms / 3_600_000), 99_999_999)}H`;
}

/** A header value to milliseconds, or undefined when it is malformed. */
export function parseTimeout(value: string): number | undefined {
  const match = /^(\d{1,8})([HMSmun])$/.exec(value);
  if (match === null) return undefined;
  return Number(match[1]) * unitMs[match[2]!]!;
}
