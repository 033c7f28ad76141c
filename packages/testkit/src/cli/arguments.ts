import { parseArgs } from "node:util";
import type { CheckHostOptions } from "../host-conformance/check-host.js";
import { hostChecks } from "../host-conformance/checks/index.js";
import type { CheckPluginOptions } from "../plugin-conformance/check-plugin.js";
import { pluginChecks } from "../plugin-conformance/checks/index.js";

/** How to use the command. */
export const usage = `Usage: tenon-conformance plugin --cookie KEY=VALUE [options] -- COMMAND [ARGUMENT...]
       tenon-conformance host [options] -- COMMAND [ARGUMENT...]

Runs a program in every way that a host, or a plugin, may run it, and reports which rules of the
plugin protocol it keeps. A host is given a plugin of ours: its path replaces {plugin} in the
arguments, or comes last; it stands in TENON_CONFORMANCE_PLUGIN too.

  --cookie KEY=VALUE       the contract's magic cookie; hosts: not looked at without it
  --versions 1,2           the contract's versions
  --only AREA|CHECK        look at this area or check alone; may be repeated
  --timeout-ms N           limit of whatever is awaited (plugin: 10000), or of one run (host: 20000)
  --parallel N             programs at the same time (4); 1 where it cannot run twice at once
  --prints TEXT            plugin: a text that it prints on standard output when it starts
  --start-timeout-ms N     host: its own time limit for a start, which is then waited for
  --json FILE              write the report as JSON; - for standard output, in the report's place
  --list                   print the checks and run nothing
  --help                   print this

Exit code: 0 where no must is broken, 1 where one is, 2 where the command line is wrong.
`;

/** A command line that was understood. */
export type Invocation =
  | { readonly action: "help" }
  | { readonly action: "list"; readonly kind: "plugin" | "host"; readonly only: readonly string[] }
  | ({ readonly action: "check"; readonly command: readonly string[]; readonly json: string | undefined } & (
      | { readonly kind: "plugin"; readonly options: CheckPluginOptions }
      | { readonly kind: "host"; readonly options: CheckHostOptions }
    ));

/** A command line that was not; the message is for people. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const options = {
  cookie: { type: "string" },
  versions: { type: "string" },
  only: { type: "string", multiple: true },
  "timeout-ms": { type: "string" },
  parallel: { type: "string" },
  prints: { type: "string" },
  "start-timeout-ms": { type: "string" },
  json: { type: "string" },
  list: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/**
 * Reads the arguments behind the command's own name.
 *
 * @throws {@link UsageError} what is wrong with them
 */
export function parseArguments(args: readonly string[]): Invocation {
  const divider = args.indexOf("--");
  const own = divider < 0 ? args : args.slice(0, divider);
  const command = divider < 0 ? [] : args.slice(divider + 1);
  const { values, positionals } = parse(own);
  if (values.help === true) return { action: "help" };
  const [kind, extra] = positionals;
  if (kind !== "plugin" && kind !== "host") throw new UsageError("say plugin or host first");
  if (extra !== undefined) throw new UsageError(`put -- before the program: -- ${extra} …`);

  const checks: readonly { readonly area: string; readonly id: string }[] =
    kind === "plugin" ? pluginChecks : hostChecks;
  const areas = [...new Set(checks.map(({ area }) => area))];
  const only = values.only ?? [];
  const unknown = only.find((name) => !areas.includes(name) && checks.every(({ id }) => id !== name));
  if (unknown !== undefined)
    throw new UsageError(`there is no area or check ${unknown}; areas are ${areas.join(", ")}`);
  if (values.list === true) return { action: "list", kind, only };
  if (command.length === 0) throw new UsageError("name the program behind --");

  const timeoutMs = readNumber("--timeout-ms", values["timeout-ms"], 1);
  const maxParallel = readNumber("--parallel", values.parallel, 1);
  const cookie = readCookie(values.cookie);
  const versions = readVersions(values.versions);
  const common = {
    only,
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(maxParallel !== undefined && { maxParallel }),
    ...(versions !== undefined && { versions }),
  };
  if (kind === "host") {
    if (values.prints !== undefined) throw new UsageError("--prints is for plugins");
    const startTimeoutMs = readNumber("--start-timeout-ms", values["start-timeout-ms"], 1);
    const more = { ...(cookie && { cookie }), ...(startTimeoutMs !== undefined && { startTimeoutMs }) };
    return { action: "check", kind, command, json: values.json, options: { ...common, ...more } };
  }
  if (values["start-timeout-ms"] !== undefined) throw new UsageError("--start-timeout-ms is for hosts");
  if (cookie === undefined) throw new UsageError("give the contract's cookie: --cookie KEY=VALUE");
  const { prints } = values;
  const pluginOptions = { ...common, cookie, ...(prints !== undefined && { prints }) };
  return { action: "check", kind, command, json: values.json, options: pluginOptions };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function readCookie(text: string | undefined): CheckPluginOptions["cookie"] | undefined {
  if (text === undefined) return undefined;
  const divider = text.indexOf("=");
  if (divider < 1 || divider === text.length - 1) throw new UsageError(`--cookie ${text} is not KEY=VALUE`);
  return { key: text.slice(0, divider), value: text.slice(divider + 1) };
}

function readVersions(text: string | undefined): number[] | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+(,\d+)*$/.test(text)) throw new UsageError(`--versions ${text} is no list of numbers such as 1,2`);
  return text.split(",").map(Number);
}

function readNumber(name: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!Number.isInteger(number) || number < least || number > 2 ** 31 - 1) {
    throw new UsageError(`${name} ${text} is no whole number from ${least} on`);
  }
  return number;
}
