import { type Check, broken, held } from "../../conformance/check.js";
import type { HostSubject } from "../subject.js";
import { describeRun, worked } from "../judge.js";
import type { ProbePlan } from "../probe-plan.js";

const area = "output";
const needs = ["host-works"];

/** The probe writes 2 MiB and more, blocking, before it answers anything. */
async function drains(subject: HostSubject, floods: NonNullable<ProbePlan["floods"]>) {
  const run = await subject.run(`flood of ${floods}`, { floods });
  if (run.events.some(({ event }) => event === "drained")) return held("all of it was read");
  return broken(`the plugin blocked on writing; the host: ${describeRun(run)}`);
}

const oddLogs = [
  '{"@level":"info"',
  "[1,2,3]",
  "42",
  "null",
  '"text"',
  "{}",
  '{"@level":"loud","@message":"x","@timestamp":"yesterday"}',
  '{"@level":"info","@message":"x","@timestamp":"2026-01-02T03:04:05.678Z","__proto__":{"polluted":true}}',
  "\u001B[31mred",
  "\uFFFD\u0000",
];
const hostileLogs = ['{"@message":1}', '{"@level":{},"@message":[]}', '{"@message":"x","@timestamp":5}'];

/** What a host does with what its plugin writes. */
export const outputChecks: readonly Check<HostSubject>[] = [
  {
    id: "drains-stderr",
    area,
    title: "standard error is read at all times",
    rule: "LOG-01, LOG-09",
    level: "must",
    needs,
    expects: "2 MiB read before the first call",
    next: "Read standard error from the start of the process on, whatever else goes on.",
    run: (subject) => drains(subject, "stderr"),
  },
  {
    id: "drains-stdout",
    area,
    title: "standard output is read on behind the line",
    rule: "HS-23",
    level: "must",
    needs,
    expects: "2 MiB read before the first call",
    next: "Go on reading standard output, and throw it away.",
    run: (subject) => drains(subject, "stdout"),
  },
  {
    id: "drains-long-line",
    area,
    title: "standard output is read on where it is one endless line",
    rule: "HS-23; go-plugin stops reading at 64 KiB",
    level: "should",
    needs: [...needs, "drains-stdout"],
    expects: "2 MiB read before the first call",
    next: "Do not read by lines what is thrown away.",
    run: (subject) => drains(subject, "stdout-one-line"),
  },
  {
    id: "survives-odd-logs",
    area,
    title: "malformed records on standard error do no harm",
    rule: "LOG-03, LOG-05",
    level: "must",
    needs,
    expects: "the host works with the plugin and ends with exit code 0",
    next: "Take for plain text what is no record.",
    run: async (subject) => worked(await subject.run("odd logs", { logs: oddLogs })),
  },
  {
    id: "survives-hostile-logs",
    area,
    title: "records whose @message, @level or @timestamp is no text do no harm",
    rule: "LOG-04; go-plugin panics",
    level: "should",
    needs,
    expects: "the host works with the plugin and ends with exit code 0",
    next: "Check the type of each value before using it.",
    run: async (subject) => worked(await subject.run("hostile logs", { logs: hostileLogs })),
  },
];
