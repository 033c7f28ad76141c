import type { CheckFacts } from "./check.js";
import type { CheckResult, ConformanceReport, Outcome } from "./report.js";

const marks: Readonly<Record<Outcome, string>> = { passed: "✓", failed: "✗", warned: "!", skipped: "–" };

/** Writes a report for people: a block for each area, and for what does not hold what was expected, what came, the rule and the next step. */
export function formatReport(report: ConformanceReport): string {
  const blocks = [...groupByArea(report.results)].map(([area, results]) =>
    [area, ...results.flatMap((result) => formatResult(result))].join("\n"),
  );
  const title = `Conformance of the ${report.kind} ${report.command.join(" ")}`;
  return `${[title, ...blocks, formatSummary(report)].join("\n\n")}\n`;
}

/** The last line of a report. */
export function formatSummary({ counts, passed, elapsedMs }: ConformanceReport): string {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const parts = [
    `${counts.passed} passed`,
    `${counts.failed} failed`,
    `${counts.warned} warned`,
    `${counts.skipped} skipped`,
  ];
  const verdict = passed ? "conforms" : "does not conform";
  return `${verdict}: ${total} checks, ${parts.join(", ")}, in ${(elapsedMs / 1000).toFixed(1)} s`;
}

/** Writes a table of checks in Markdown, for the guide. */
export function formatCheckTable(checks: readonly CheckFacts[]): string {
  const rows = checks.map(({ id, level, title, rule }) => [`\`${id}\``, level, title, rule]);
  const table = [["check", "level", "what holds", "rule"], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(3, ...table.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  const [head, ...body] = table;
  return [line(head!), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n");
}

function formatResult({ id, title, outcome, saw, expects, rule, next, level }: CheckResult): string[] {
  const head = `  ${marks[outcome]} ${id}  ${title}`;
  if (outcome === "passed") return [head];
  if (outcome === "skipped") return [`${head}${saw === "" ? "" : `: ${saw}`}`];
  return [
    head,
    `      expected  ${expects}`,
    `      came      ${escape(saw)}`,
    `      rule      ${rule} (${level})`,
    `      next      ${next}`,
  ];
}

/** What a program printed can hold terminal escapes. */
function escape(text: string): string {
  const flat = text.replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
  return flat.length > 400 ? `${flat.slice(0, 400)}…` : flat;
}

function groupByArea(results: readonly CheckResult[]): Map<string, CheckResult[]> {
  const groups = new Map<string, CheckResult[]>();
  for (const result of results) {
    const group = groups.get(result.area);
    if (group === undefined) groups.set(result.area, [result]);
    else group.push(result);
  }
  return groups;
}
