import { type Check, broken, held, inapplicable, verdict } from "../../conformance/check.js";
import type { HostSubject } from "../subject.js";
import { describeRun, refused } from "../judge.js";
import { lastWords, type ProbePlan } from "../probe-plan.js";
import type { HostRun } from "../run-host.js";

const area = "refusals";
const needs = ["host-works"];

interface Refused {
  readonly id: string;
  readonly title: string;
  readonly rule: string;
  readonly next: string;
  readonly plan: ProbePlan;
  /** Only where the host asks for TLS. */
  readonly isSecure?: boolean;
}

const version = "Compare the number with your own, and name both in the error.";

const refusals: readonly Refused[] = [
  {
    id: "refuses-core-version",
    title: "another core version than 1 is refused",
    rule: "HS-04",
    next: version,
    plan: { line: "2|{version}|{network}|{address}|grpc|{certificate}{multiplex}" },
  },
  {
    id: "refuses-version",
    title: "a version that was not offered is refused",
    rule: "VER-04",
    next: version,
    plan: { line: "1|2000000011|{network}|{address}|grpc|{certificate}{multiplex}" },
  },
  {
    id: "refuses-other-text",
    title: "a first line that is no handshake line is refused",
    rule: "HS-05, HS-18",
    next: "Show the line, escaped, and what stderr said.",
    plan: { line: "Usage: plugin [options]" },
  },
  {
    id: "refuses-network",
    title: "another network than unix and tcp is refused",
    rule: "HS-07",
    next: "Accept unix and tcp only.",
    plan: { line: "1|{version}|pigeon|{address}|grpc|{certificate}{multiplex}" },
  },
  {
    id: "refuses-transport",
    title: "another transport than those it speaks is refused",
    rule: "HS-10; go-plugin: AllowedProtocols",
    next: "Compare the fifth field with grpc.",
    plan: { line: "1|{version}|{network}|{address}|pigeon|{certificate}{multiplex}" },
  },
  {
    id: "refuses-long-line",
    title: "a first line that does not end within 64 KiB is refused",
    rule: "HS-19",
    next: "Limit what is read before the line feed.",
    plan: { first: "floods-stdout-without-line-feed" },
  },
  {
    id: "refuses-closed-stdout",
    title: "standard output that closes without a line ends the start",
    rule: "LIFE-04",
    next: "Notice the end of the stream; do not wait for the time limit.",
    plan: { first: "closes-stdout" },
  },
  {
    id: "refuses-exit",
    title: "a plugin that ends without a line ends the start",
    rule: "LIFE-03",
    next: "Notice the end of the process; do not wait for the time limit.",
    plan: { first: "exits" },
  },
  {
    id: "refuses-nobody",
    title: "an address at which nobody listens ends the start, or the first call",
    rule: "LIFE-09",
    next: "Limit the time of connecting, and tell the address.",
    plan: { listens: false },
  },
  {
    id: "refuses-certificate",
    title: "a certificate that cannot be read is refused",
    rule: "HS-13, HS-15",
    next: "Decode base64, then DER, and name the field where either fails.",
    plan: { line: `1|{version}|{network}|{address}|grpc|${"no certificate ".repeat(8)}{multiplex}` },
    isSecure: true,
  },
];

/** The runs of all refusals that concern this host. */
async function allRuns(subject: HostSubject): Promise<readonly { readonly id: string; readonly run: HostRun }[]> {
  const isSecure = await subject.wantsTls();
  const concerned = refusals.filter((refusal) => isSecure || refusal.isSecure !== true);
  return Promise.all(concerned.map(async ({ id, plan }) => ({ id, run: await subject.run(id, plan) })));
}

/** What a host has to refuse, and how. */
export const refusalChecks: readonly Check<HostSubject>[] = [
  ...refusals.map(
    ({ plan, isSecure = false, ...facts }): Check<HostSubject> => ({
      ...facts,
      area,
      level: "must",
      // Where the host asks for no TLS that check is skipped, and this one with it.
      needs: isSecure ? [...needs, "env-certificate"] : needs,
      expects: "no call, and an exit code other than 0",
      run: async (subject) => refused(await subject.run(facts.id, plan)),
    }),
  ),
  {
    id: "refuses-silence",
    area,
    title: "a plugin that stays silent ends the start after the host's time limit",
    rule: "LIFE-01; go-plugin: StartTimeout, 60 s",
    level: "must",
    needs,
    expects: "no call, and an exit code other than 0 within the time given",
    next: "Arm the time limit before the process starts.",
    run: async (subject) => {
      const { startTimeoutMs, timeoutMs } = subject.settings;
      if (startTimeoutMs === 0) return inapplicable("give --start-timeout-ms, the host's own limit, to wait for it");
      const run = await subject.run("silence", { isSilent: true }, { timeoutMs: startTimeoutMs + timeoutMs });
      return refused(run);
    },
  },
  {
    id: "refusal-explains",
    area,
    title: "whatever is refused, the host says why",
    rule: "LIFE-10",
    level: "must",
    needs,
    expects: "words on standard output or standard error",
    next: "Print the error of the start.",
    run: async (subject) => {
      const silent = (await allRuns(subject)).filter(
        ({ run }) => refused(run).found === "held" && run.output.trim() === "",
      );
      return verdict(silent.length === 0, silent.length === 0 ? "words each time" : `none for ${silent[0]!.id}`);
    },
  },
  {
    id: "refusal-ends-plugin",
    area,
    title: "whatever is refused, the plugin does not outlive the host",
    rule: "LIFE-11; go-plugin: SIGKILL",
    level: "must",
    needs,
    expects: "the end of the plugin's process",
    next: "End the process on every path on which a start fails.",
    run: async (subject) => {
      const left = (await allRuns(subject)).filter(({ run }) => run.exit !== undefined && run.isProbeAlive);
      return verdict(left.length === 0, left.length === 0 ? "none is left" : `one is left by ${left[0]!.id}`);
    },
  },
  {
    id: "refusal-shows-stderr",
    area,
    title: "the error of a plugin that ends at once shows what it wrote on standard error",
    rule: "LIFE-10; go-plugin logs it, at Debug",
    level: "should",
    needs: [...needs, "refuses-exit"],
    expects: lastWords,
    next: "Keep the last lines of standard error and add them to the error.",
    run: async (subject) => {
      const run = await subject.run("refuses-exit");
      return run.output.includes(lastWords) ? held("it does") : broken(describeRun(run));
    },
  },
];
