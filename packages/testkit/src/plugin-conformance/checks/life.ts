import { existsSync, readdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import { Code } from "@connectrpc/connect";
import { type Check, broken, held, inapplicable, verdict } from "../../conformance/check.js";
import { isProcessAlive } from "../../leaks/processes.js";
import { eventually } from "../../timing.js";
import type { PluginSubject } from "../subject.js";
import { describeAnswer, mustAnswer } from "../calls.js";
import { dialPlain } from "../connect.js";
import { graceMs, wholeLife } from "../whole-life.js";

const area = "life";
const needs = ["handshake-line", "address-answers"];
const afterShutdown = [...needs, "shutdown-served", "shutdown-ends"];
/** How long a plugin may take to notice that its host is gone. */
const orphanMs = 3000;
const onWindows = process.platform === "win32";
const noSignals = inapplicable("this system has no such signals");

/** One process that gets SIGINT and then SIGTERM. */
function signalled(subject: PluginSubject) {
  return subject.once("signalled", async () => {
    const { timeoutMs, settleMs } = subject.settings;
    const { process, target, directory } = await subject.start();
    const answers = async (): Promise<boolean> => {
      try {
        const channel = await dialPlain(target, timeoutMs);
        await mustAnswer(channel, timeoutMs).finally(() => channel.destroy());
        return true;
      } catch {
        return false;
      }
    };
    await answers();
    process.signal("SIGINT");
    const interrupted = await process.ended(settleMs);
    const survivesInterrupt = interrupted === undefined && (await answers());
    // Where SIGINT has ended it another one has to show what SIGTERM does.
    const terminated = interrupted === undefined ? { process, target, directory } : await subject.start();
    terminated.process.signal("SIGTERM");
    const exit = await terminated.process.ended(timeoutMs);
    const hasSocket = terminated.target.network === "unix" && existsSync(terminated.target.path);
    await terminated.process.kill();
    await process.kill();
    return { survivesInterrupt, interrupted, exit, hasSocket };
  });
}

/** Stopping, signals, and what is left afterwards. */
export const lifeChecks: readonly Check<PluginSubject>[] = [
  {
    id: "shutdown-served",
    area,
    title: "the plugin serves GRPCController",
    rule: "STOP-02; go-plugin: hosts kill after 2 s otherwise",
    level: "should",
    needs,
    expects: "an answer to plugin.GRPCController/Shutdown, or the end of the connection",
    next: "Serve plugin.GRPCController and end in good order.",
    run: async (subject) => {
      const { shutdown } = await wholeLife(subject);
      return verdict(shutdown.code !== Code.Unimplemented, describeAnswer(shutdown));
    },
  },
  {
    id: "shutdown-ends",
    area,
    title: "after Shutdown the process ends within 2 s",
    rule: "STOP-01, PLUG-03; go-plugin: then it is killed",
    level: "must",
    needs: [...needs, "shutdown-served"],
    expects: "the end of the process within 2 000 ms",
    next: "End soon after answering: what takes longer is cut off.",
    run: async (subject) => {
      const { exit, endedAfterMs } = await wholeLife(subject);
      if (exit === undefined) return broken("it runs on");
      return verdict(endedAfterMs <= graceMs, `it ended after ${Math.round(endedAfterMs)} ms`);
    },
  },
  {
    id: "shutdown-answer",
    area,
    title: "Shutdown is answered before the end",
    rule: "PLUG-03; go-plugin: the answer is usually lost, hosts ignore it",
    level: "may",
    needs: afterShutdown,
    expects: "an empty answer",
    next: "Answer first, and end when the answer is on its way.",
    run: async (subject) => {
      const { shutdown } = await wholeLife(subject);
      return verdict(shutdown.code === undefined, describeAnswer(shutdown));
    },
  },
  {
    id: "shutdown-exit-code",
    area,
    title: "after Shutdown the exit code is 0",
    rule: "STOP-01, PLUG-03; go-plugin: others are logged as errors",
    level: "must",
    needs: afterShutdown,
    expects: "exit code 0 and no signal",
    next: "End with 0 where the host asked for the end.",
    run: async (subject) => {
      const { exit, process } = await wholeLife(subject);
      return verdict(exit?.code === 0, process.describeEnd().split(/;| and /)[0]!);
    },
  },
  {
    id: "shutdown-removes-socket",
    area,
    title: "after Shutdown the socket is gone",
    rule: "PLUG-03, PLUG-09; go-plugin: closing a listener unlinks its socket",
    level: "must",
    needs: afterShutdown,
    expects: "no file at the socket's path",
    next: "Unlink the socket on the way out.",
    run: async (subject) => {
      const { hasSocket, started } = await wholeLife(subject);
      if (started.target.network === "tcp") return inapplicable("the plugin listens on TCP");
      return verdict(!hasSocket, hasSocket ? `${started.target.path} is still there` : "gone");
    },
  },
  {
    id: "shutdown-leaves-nothing",
    area,
    title: "after Shutdown nothing else is left either: no file in the temporary directory, no process",
    rule: "LIFE-18",
    level: "should",
    needs: afterShutdown,
    expects: "an empty temporary directory and no process of the plugin's",
    next: "Remove temporary files and end child processes before ending.",
    run: async (subject) => {
      const { files, survivors, started, hasSocket } = await wholeLife(subject);
      const socket = hasSocket && started.target.network === "unix" ? basename(started.target.path) : undefined;
      const left = [...files.filter((name) => name !== socket), ...survivors];
      return verdict(left.length === 0, left.length === 0 ? "nothing" : left.join(", "));
    },
  },
  {
    id: "sigterm-ends",
    area,
    title: "SIGTERM ends the process",
    rule: "STOP-03, PLUG-05",
    level: "must",
    needs,
    expects: "the end of the process",
    next: "Leave SIGTERM its default action, or end in good order on it.",
    run: async (subject) => {
      if (onWindows) return noSignals;
      const { exit } = await signalled(subject);
      return verdict(exit !== undefined, exit === undefined ? "it runs on" : (exit.signal ?? `exit code ${exit.code}`));
    },
  },
  {
    id: "sigterm-removes-socket",
    area,
    title: "after SIGTERM the socket is gone",
    rule: "PLUG-05; go-plugin leaves it",
    level: "may",
    needs: [...needs, "sigterm-ends"],
    expects: "no file at the socket's path",
    next: "Handle SIGTERM and unlink the socket, or leave that to the host.",
    run: async (subject) => {
      if (onWindows) return noSignals;
      const { hasSocket } = await signalled(subject);
      return verdict(!hasSocket, hasSocket ? "the socket is left" : "gone");
    },
  },
  {
    id: "sigint-ignored",
    area,
    title: "SIGINT does not end the plugin",
    rule: "PLUG-04; go-plugin: Ctrl-C reaches plugins too, and stopping is the host's business",
    level: "should",
    needs,
    expects: "the process runs on and answers",
    next: "Ignore SIGINT while serving: the host may need the plugin to end in good order.",
    run: async (subject) => {
      if (onWindows) return noSignals;
      const { survivesInterrupt, interrupted } = await signalled(subject);
      if (survivesInterrupt) return held("it answers");
      return broken(interrupted === undefined ? "it no longer answers" : "it ended");
    },
  },
  {
    id: "sigkill-contained",
    area,
    title: "what a killed plugin leaves lies in the directory that its host removes",
    rule: "LIFE-19; go-plugin: UnixSocketConfig",
    level: "may",
    needs: [...needs, "socket-directory"],
    expects: "nothing outside of PLUGIN_UNIX_SOCKET_DIR",
    next: "Make sockets right in that directory and no files elsewhere.",
    run: async (subject) => {
      const wanted = subject.makeDirectory("killed");
      const { process, directory } = await subject.start({ env: { PLUGIN_UNIX_SOCKET_DIR: wanted } });
      process.signal("SIGKILL");
      await process.ended(subject.settings.timeoutMs);
      const left = readdirSync(directory);
      await process.kill();
      return verdict(
        left.length === 0,
        left.length === 0 ? `${readdirSync(wanted).length} in ${dirname(wanted)}` : left.join(", "),
      );
    },
  },
  {
    id: "host-gone",
    area,
    title: "a plugin whose host was killed ends by itself",
    rule: "PLUG-07, LIFE-20; go-plugin's own stay for ever",
    level: "should",
    needs,
    expects: `the end of the process within ${orphanMs} ms`,
    next: "Look at the parent's process id every second, and end where it has changed.",
    run: async (subject) => {
      if (onWindows) return noSignals;
      const { process, target } = await subject.start({ withParent: true });
      const channel = await dialPlain(target, subject.settings.timeoutMs);
      await mustAnswer(channel, subject.settings.timeoutMs);
      channel.destroy();
      const pid = await process.loseParent();
      try {
        const ended = await eventually(() => !isProcessAlive(pid), { timeoutMs: orphanMs }).catch(() => false);
        return verdict(ended, ended ? "it ended" : "it runs on");
      } finally {
        killAlone(pid);
        await process.kill();
      }
    },
  },
  {
    id: "lifeline",
    area,
    title: "with TENON_LIFELINE=stdin the end of standard input ends the plugin",
    rule: "PLUG-06; Tenon's own",
    level: "may",
    needs,
    expects: `the end of the process within ${orphanMs} ms`,
    next: "Read standard input to its end where the variable is set: it ends with the host, on every system.",
    run: async (subject) => {
      const { process } = await subject.start({ env: { TENON_LIFELINE: "stdin" } });
      process.closeStdin();
      const exit = await process.ended(orphanMs);
      await process.kill();
      return verdict(exit !== undefined, exit === undefined ? "it runs on" : "it ended");
    },
  },
  {
    id: "stdin-end",
    area,
    title: "without TENON_LIFELINE the end of standard input means nothing",
    rule: "PLUG-06; go-plugin: host and plugin share it",
    level: "must",
    needs,
    expects: "the process runs on and answers",
    next: "Do not take the end of standard input for the end of the host: it may be /dev/null.",
    run: async (subject) => {
      const { timeoutMs, settleMs } = subject.settings;
      const { process, target } = await subject.start();
      process.closeStdin();
      const exit = await process.ended(settleMs);
      if (exit !== undefined) return broken("it ended");
      const channel = await dialPlain(target, timeoutMs);
      await mustAnswer(channel, timeoutMs);
      channel.destroy();
      await process.kill();
      return held("it answers");
    },
  },
];

function killAlone(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself, as it should.
  }
}
