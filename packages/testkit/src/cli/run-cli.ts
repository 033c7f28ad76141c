import { writeFileSync } from "node:fs";
import { formatCheckTable, formatReport, formatSummary } from "../conformance/format-report.js";
import type { ConformanceReport } from "../conformance/report.js";
import { checkHost } from "../host-conformance/check-host.js";
import { hostChecks } from "../host-conformance/checks/index.js";
import { checkPlugin } from "../plugin-conformance/check-plugin.js";
import { pluginChecks } from "../plugin-conformance/checks/index.js";
import { type Invocation, parseArguments, usage, UsageError } from "./arguments.js";

/** Where the command writes. */
export interface Terminal {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

/** The command: does what the arguments say and resolves with the exit code. */
export async function runCli(args: readonly string[], { stdout, stderr }: Terminal): Promise<number> {
  try {
    const invocation = parseArguments(args);
    if (invocation.action === "help") {
      stdout(usage);
      return 0;
    }
    if (invocation.action === "list") {
      const { kind, only } = invocation;
      const facts = kind === "plugin" ? pluginChecks : hostChecks;
      const wanted = facts.filter(({ area, id }) => only.length === 0 || only.includes(area) || only.includes(id));
      stdout(`${formatCheckTable(wanted)}\n`);
      return 0;
    }
    const report = await check(invocation);
    const { json } = invocation;
    const text = `${JSON.stringify(report, undefined, 2)}\n`;
    if (json === "-") {
      stdout(text);
      stderr(`${formatSummary(report)}\n`);
    } else {
      if (json !== undefined) writeFileSync(json, text);
      stdout(formatReport(report));
    }
    return report.passed ? 0 : 1;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    stderr(`tenon-conformance: ${error.message}\n\n${usage}`);
    return 2;
  }
}

function check(invocation: Extract<Invocation, { action: "check" }>): Promise<ConformanceReport> {
  const { command } = invocation;
  return invocation.kind === "plugin"
    ? checkPlugin(command, invocation.options)
    : checkHost(command, invocation.options);
}
