import { type Check, broken, held, inapplicable, verdict } from "../../conformance/check.js";
import type { HostSubject } from "../subject.js";
import { callsOf, describeRun } from "../judge.js";
import type { HostRun } from "../run-host.js";

const area = "stop";
const needs = ["host-works"];
const endsPlugin = [...needs, "ends-plugin"];

function ended(run: HostRun) {
  if (run.exit === undefined) return broken(describeRun(run));
  return run.isProbeAlive ? broken("the plugin is left running") : held("the plugin is gone");
}

/** How a host ends its plugin. */
export const stopChecks: readonly Check<HostSubject>[] = [
  {
    id: "ends-plugin",
    area,
    title: "when the host has ended its plugin has ended",
    rule: "STOP-01, LIFE-18",
    level: "must",
    needs,
    expects: "no process of the plugin's",
    next: "Stop every plugin before the host ends.",
    run: async (subject) => ended(await subject.usual()),
  },
  {
    id: "calls-shutdown",
    area,
    title: "the host asks the plugin to shut down before it resorts to signals",
    rule: "STOP-01; go-plugin since v1.0.0",
    level: "should",
    needs: endsPlugin,
    expects: "a call of plugin.GRPCController/Shutdown, and no SIGTERM before it",
    next: "Call Shutdown first: plugins may have work to finish.",
    run: async (subject) => {
      const run = await subject.usual();
      const calls = callsOf(run).includes("/plugin.GRPCController/Shutdown");
      const isTerminated = run.events.some(({ event }) => event === "sigterm");
      return verdict(calls && !isTerminated, calls ? "it does" : isTerminated ? "SIGTERM" : "no such call");
    },
  },
  {
    id: "gives-time",
    area,
    title: "a plugin that takes a second to end is given it",
    rule: "STOP-01, STOP-05; go-plugin: 2 s",
    level: "should",
    needs: [...needs, "calls-shutdown"],
    expects: "the plugin ends by itself",
    next: "Wait for the end of the process after Shutdown, 2 s or more.",
    run: async (subject) => {
      const run = await subject.run("slow", { shutdown: "slow", ignoresSigterm: true });
      const isOrderly = run.events.some(({ event }) => event === "ends-in-order");
      return verdict(isOrderly, isOrderly ? "it ended by itself" : "it was cut off");
    },
  },
  {
    id: "kills-stubborn",
    area,
    title: "a plugin that stays after Shutdown and SIGTERM is killed",
    rule: "STOP-04",
    level: "must",
    needs: endsPlugin,
    expects: "the end of both, in time",
    next: "End with SIGKILL what does not end otherwise.",
    run: async (subject) => ended(await subject.run("stubborn", { shutdown: "stays", ignoresSigterm: true })),
  },
  {
    id: "bounds-shutdown",
    area,
    title: "a Shutdown that is never answered does not hold up the host",
    rule: "STOP-02; go-plugin waits for ever",
    level: "should",
    needs: [...endsPlugin, "kills-stubborn"],
    expects: "the end of both, in time",
    next: "Give the call a deadline.",
    run: async (subject) => ended(await subject.run("silent shutdown", { shutdown: "silent", ignoresSigterm: true })),
  },
  {
    id: "kills-tree",
    area,
    title: "a stubborn plugin behind a wrapper script is killed too",
    rule: "STOP-04, STOP-06; go-plugin kills the wrapper and waits for ever",
    level: "should",
    needs: [...endsPlugin, "kills-stubborn"],
    expects: "the end of both, in time",
    next: "Start plugins in a process group of their own and signal the group.",
    run: async (subject) =>
      ended(await subject.run("wrapped", { shutdown: "stays", ignoresSigterm: true }, { isWrapped: true })),
  },
  {
    id: "death-is-noticed",
    area,
    title: "a plugin whose host is killed is told, or ends",
    rule: "LIFE-20, ENV-08; go-plugin does nothing",
    level: "may",
    needs,
    expects: "SIGTERM, the end of standard input, or the plugin's end",
    next: "Give plugins a pipe as standard input and TENON_LIFELINE=stdin, or the kernel's parent-death signal.",
    run: async (subject) => {
      const plan = { shutdown: "silent", holdsCalls: true } as const;
      const run = await subject.run("host killed", plan, { killsHost: true });
      if (run.exit?.signal !== "SIGKILL") return inapplicable("the host had ended before");
      const told = run.eventsAfterKill.find(({ event }) => event === "sigterm" || event === "stdin-end");
      const isTold = told !== undefined || !run.isProbeAlive;
      return verdict(isTold, told?.event ?? (run.isProbeAlive ? "nothing happened" : "it ended"));
    },
  },
];
