/** How a process ended. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** As in "exit code 3" or "signal SIGKILL". */
export function describeExit({ code, signal }: ChildExit): string {
  return signal === null ? `exit code ${String(code)}` : `signal ${signal}`;
}
