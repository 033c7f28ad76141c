/** How a plugin learns that its host is gone. */
export interface HostWatchOptions {
  /** How often to look whether the parent process changed, in milliseconds; 0 never. */
  readonly parentCheckMs: number;
  /** Called once at most, with a sentence. */
  readonly onHostGone: (how: string) => void;
}

/** A watch for the end of the host. */
export interface HostWatch {
  /** Whether the host is gone, looked at anew: a signal at its death may arrive before anything that was awaited. */
  isHostGone(): boolean;
  /** Watches standard input too, a pipe that the host holds open for as long as it lives. */
  watchLifeline(): void;
}

/**
 * Watches for the end of the host. The end of standard input counts only where it is told to: go-plugin's hosts pass on their own
 * standard input, which may end at any time.
 */
export function watchHost(options: HostWatchOptions): HostWatch {
  const { parentCheckMs, onHostGone } = options;
  let timer: NodeJS.Timeout | undefined;
  let isGone = false;
  const gone = (how: string) => {
    if (isGone) return;
    isGone = true;
    clearInterval(timer);
    onHostGone(how);
  };
  const parent = process.ppid;
  if (parentCheckMs > 0) {
    timer = setInterval(() => {
      if (!isParentAlive(parent)) gone("the host's process is gone");
    }, parentCheckMs);
    timer.unref();
  }
  return {
    isHostGone: () => isGone || !isParentAlive(parent),
    watchLifeline() {
      for (const event of ["end", "close", "error"] as const)
        process.stdin.on(event, () => gone("the host closed its lifeline"));
      process.stdin.resume();
    },
  };
}

function isParentAlive(parent: number): boolean {
  // Windows gives orphans no new parent.
  return process.platform === "win32" ? isProcessAlive(parent) : process.ppid === parent;
}

/** Whether there is a process of this id, as far as this one can see. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
