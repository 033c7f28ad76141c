import { hostProcess } from "./host-process.js";

/**
 * Catches instances that are still alive when the host's process exits by itself, for instance after an uncaught error.
 * A host that is killed by a signal cannot do anything: then the lifeline and the parent-death signal act.
 */
export interface ExitNet {
  /** Runs `rescue` at the exit of this process. It must be synchronous. Returns the way to take that back. */
  add(rescue: () => void): () => void;
}

/** Creates a net that listens for the exit of the process only while something is in it. */
export function createExitNet(): ExitNet {
  const rescues = new Set<() => void>();
  let stopListening: (() => void) | undefined;
  return {
    add(rescue) {
      rescues.add(rescue);
      stopListening ??= hostProcess.onExit(() => {
        for (const each of rescues) each();
      });
      return () => {
        rescues.delete(rescue);
        if (rescues.size > 0) return;
        stopListening?.();
        stopListening = undefined;
      };
    },
  };
}
