import { hostProcess } from "../launch/host-process.js";
import type { SpawnedProcess } from "../launch/plugin-process.js";

/** How long a plugin may take to end after its standard input has, before it is interrupted. Half of the step's time where that is less. */
const interruptAfterMs = 500;

/** Ends a plugin as pie's hosts do, but not in such a hurry: the end of its standard input, and SIGINT where that does not help. */
export interface PoliteEnd {
  /** `endInput` closes standard input. From now on the plugin has `timeoutMs`. */
  begin(endInput: () => void, timeoutMs: number | undefined): void;
  /** Nothing is sent any more. */
  release(): void;
}

/** Makes the end of a process, for one use. */
export function createPoliteEnd(process: SpawnedProcess): PoliteEnd {
  let timer: NodeJS.Timeout | undefined;
  const release = (): void => clearTimeout(timer);
  void process.exited.then(release);
  return {
    begin(endInput, timeoutMs = Number.POSITIVE_INFINITY) {
      endInput();
      timer ??= setTimeout(
        () => {
          if (process.exit === undefined) hostProcess.signalGroup(process.pid, "SIGINT");
        },
        Math.min(interruptAfterMs, timeoutMs / 2),
      );
    },
    release,
  };
}
