import type { ReattachDescriptor } from "@tenon/core";
import { createDeferred } from "../async/deferred.js";
import type { ExitFacts } from "../launch/exit-facts.js";
import { hostProcess } from "../launch/host-process.js";
import { readIdentity } from "../launch/process-identity.js";
import type { PluginProcess } from "../launch/plugin-process.js";

/** How often the end of the process is looked for, which nobody tells a stranger. As go-plugin. */
const pollMs = 1000;
/** How often when its connection is gone, and for how long. */
const closePollMs = 10;
const closePolls = 200;

/** A process that somebody else started: its end is seen, but not how it ended, and a signal needs its identity. */
export interface AttachedProcess extends PluginProcess {
  /** From now on the process is known to be the plugin, if it still has this identity. */
  verify(identity: string): void;
}

/** Begins to watch a process. `release` ends that. */
export function watchAttached(descriptor: ReattachDescriptor): AttachedProcess {
  const { pid } = descriptor;
  const atFirst = readIdentity(pid)?.identity;
  const ended = createDeferred<ExitFacts>();
  let verified: string | undefined;
  let exit: ExitFacts | undefined;
  let timer: NodeJS.Timeout | undefined;
  let soon = 0;
  let isReleased = false;

  const isGone = (): boolean =>
    atFirst === undefined ? !hostProcess.isAlive(pid) : readIdentity(pid)?.identity !== atFirst;
  const look = (): void => {
    clearTimeout(timer);
    if (exit !== undefined || isReleased) return;
    if (isGone()) {
      exit = { exitCode: null, signal: null };
      ended.resolve(exit);
      return;
    }
    timer = setTimeout(look, soon > 0 ? closePollMs : pollMs);
    timer.unref();
    soon = Math.max(0, soon - 1);
  };
  look();

  return {
    pid,
    get exit() {
      return exit;
    },
    exited: ended.promise,
    verify(identity) {
      verified = identity;
    },
    refusal() {
      if (verified !== undefined) return undefined;
      return hostProcess.platform === "linux"
        ? `no signal was sent: nothing proves that process ${pid} is the plugin`
        : "no signal was sent: on this system nothing proves that a process id is still the plugin's";
    },
    signalGroup(signal) {
      const current = readIdentity(pid);
      if (current === undefined || current.identity !== verified) return false;
      if (current.groupId === pid) return hostProcess.signalGroup(pid, signal);
      return hostProcess.signal(pid, signal);
    },
    expectEnd() {
      soon = closePolls;
      look();
    },
    release() {
      isReleased = true;
      clearTimeout(timer);
    },
  };
}
