import { type Check, inapplicable } from "../../conformance/check.js";
import type { HostSubject } from "../subject.js";
import { worked } from "../judge.js";
import { type ProbePlan, usualLine } from "../probe-plan.js";

const area = "handshake";
const needs = ["host-works"];
const withTls = inapplicable("the host insists on TLS");

interface Accepted {
  readonly id: string;
  readonly title: string;
  readonly rule: string;
  readonly next: string;
  readonly plan: ProbePlan;
  /** Whether the line has no room for a certificate. */
  readonly isPlain?: boolean;
}

const accepted: readonly Accepted[] = [
  {
    id: "accepts-five-fields",
    title: "a line of five fields is accepted",
    rule: "HS-11; go-plugin: documented for other languages",
    next: "Take missing fields for empty ones.",
    plan: { line: "1|{version}|{network}|{address}|grpc" },
    isPlain: true,
  },
  {
    id: "accepts-short-certificate",
    title: "a sixth field of up to 50 characters is ignored",
    rule: "HS-12; go-plugin: older plugins print other data there",
    next: "Take a certificate for one only where the field is longer than 50 characters.",
    plan: { line: "1|{version}|{network}|{address}|grpc|not a certificate" },
    isPlain: true,
  },
  {
    id: "accepts-more-fields",
    title: "fields behind the known ones are ignored",
    rule: "HS-16",
    next: "Read the fields you know and ignore the rest.",
    plan: { line: "1|{version}|{network}|{address}|grpc|{certificate}|false|later|fields" },
  },
  {
    id: "accepts-white-space",
    title: "white space around the line, a carriage return included, is dropped",
    rule: "HS-17; go-plugin: TrimSpace",
    next: "Trim the line before cutting it up.",
    plan: { line: `  ${usualLine} \r` },
  },
  {
    id: "accepts-pieces",
    title: "a line that comes in pieces is read whole",
    rule: "HS-20",
    next: "Read to the line feed; a read of a pipe is no line.",
    plan: { inPieces: true },
  },
  {
    id: "accepts-tcp",
    title: "a TCP address is accepted on every system",
    rule: "HS-08; go-plugin: plugins of other languages use it",
    next: "Dial host:port where the third field is tcp.",
    plan: { network: "tcp" },
  },
];

/** Lines that a host has to accept. */
export const acceptChecks: readonly Check<HostSubject>[] = accepted.map(({ plan, isPlain = false, ...facts }) => ({
  ...facts,
  area,
  level: "must",
  needs,
  expects: "the host works with the plugin and ends with exit code 0",
  run: async (subject) => {
    if (isPlain && (await subject.wantsTls())) return withTls;
    // A host that asked for multiplexing needs its answer in the seventh field.
    const asked = (await subject.usual()).probeEnv?.["PLUGIN_MULTIPLEX_GRPC"] !== undefined;
    if (asked && plan.line?.includes("{multiplex}") === false) return inapplicable("the host insists on multiplexing");
    return worked(await subject.run(facts.id, plan));
  },
}));
