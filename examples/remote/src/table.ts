import type { BoundPlugin } from "@tenon/host/bind";

/** What is bound, for a terminal. */
export function formatTable(rows: readonly (readonly [plugin: BoundPlugin, roundTripMs: number])[]): string {
  const lines = [
    ["plugin", "version", "contract", "from", "methods", "round trip"],
    ...rows.map(([plugin, roundTripMs]) => [
      plugin.plugin,
      plugin.version,
      `${plugin.contract} ${plugin.contractVersion}`,
      plugin.remote,
      plugin.methods.join(", "),
      `${roundTripMs.toFixed(2)} ms`,
    ]),
  ];
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
