import { type Check, broken, held, verdict } from "../../conformance/check.js";
import type { PluginSubject } from "../subject.js";
import type { Exit, PluginProcess } from "../plugin-process.js";

interface Refusal {
  readonly process: PluginProcess;
  readonly exit: Exit | undefined;
}

/** Starts the plugin with another value of its cookie; undefined: without. Resolves when it has ended, or has printed a line. */
function refusal(subject: PluginSubject, value: string | undefined): Promise<Refusal> {
  return subject.once(`cookie ${value}`, async () => {
    const { process } = await subject.launch({ env: { [subject.settings.cookie.key]: value } });
    await process.line(subject.settings.timeoutMs).catch(() => {});
    const exit = process.exit ?? (await process.ended(subject.settings.settleMs));
    if (exit !== undefined) await process.drained(1000);
    else await process.kill();
    return { process, exit };
  });
}

const missing = (subject: PluginSubject) => refusal(subject, undefined);
const wrong = (subject: PluginSubject) => refusal(subject, `not ${subject.settings.cookie.value}`);

async function refuses(found: Promise<Refusal>) {
  const { process, exit } = await found;
  return exit === undefined ? broken("it ran on") : held(process.describeEnd());
}

async function both(subject: PluginSubject): Promise<Refusal[]> {
  return Promise.all([missing(subject), wrong(subject)]);
}

const area = "cookie";
const rule = "PLUG-01; go-plugin: Serve checks the cookie before anything else";
const needs = ["cookie-missing", "cookie-wrong"];

/** Whether a plugin tells people that it is no program for them. Should only: hosts never notice. */
export const cookieChecks: readonly Check<PluginSubject>[] = [
  {
    id: "cookie-missing",
    area,
    title: "without its cookie the plugin does not run",
    rule,
    level: "should",
    expects: "the process ends by itself",
    next: "Compare the cookie's variable before anything else, and end.",
    run: (subject) => refuses(missing(subject)),
  },
  {
    id: "cookie-wrong",
    area,
    title: "with another value of its cookie the plugin does not run",
    rule,
    level: "should",
    expects: "the process ends by itself",
    next: "Compare the cookie's whole value, byte for byte.",
    run: (subject) => refuses(wrong(subject)),
  },
  {
    id: "cookie-exit-code",
    area,
    title: "the plugin refuses with an exit code other than 0",
    rule,
    level: "should",
    needs,
    expects: "exit code 1",
    next: "End with exit code 1, so that scripts notice.",
    run: async (subject) => {
      const codes = (await both(subject)).map(({ exit }) => exit?.code);
      return verdict(!codes.includes(0), `exit codes ${codes.join(" and ")}`);
    },
  },
  {
    id: "cookie-explains",
    area,
    title: "the plugin tells people on standard error why it does not run",
    rule,
    level: "should",
    needs,
    expects: "a sentence on standard error",
    next: "Write to standard error that this is a plugin and which program starts it.",
    run: async (subject) => {
      const silent = (await both(subject)).filter(({ process }) => !/\p{L}{2,}\s+\p{L}{2,}/u.test(process.stderr));
      return verdict(silent.length === 0, silent.length === 0 ? "it explains itself" : "no words on standard error");
    },
  },
  {
    id: "cookie-quiet",
    area,
    title: "a plugin that refuses prints nothing on standard output",
    rule,
    level: "should",
    needs,
    expects: "nothing on standard output",
    next: "Write explanations to standard error; standard output is the handshake's.",
    run: async (subject) => {
      const printed = (await both(subject)).map(({ process }) => process.stdout).find((text) => text !== "");
      return verdict(printed === undefined, printed === undefined ? "nothing" : `it printed ${printed.slice(0, 80)}`);
    },
  },
];
