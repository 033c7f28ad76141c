export { hostChecks } from "../host-conformance/checks/index.js";
export { checkHost } from "../host-conformance/check-host.js";
export type { CheckHostOptions } from "../host-conformance/check-host.js";
export { pluginChecks } from "../plugin-conformance/checks/index.js";
export { checkPlugin } from "../plugin-conformance/check-plugin.js";
export type { CheckPluginOptions } from "../plugin-conformance/check-plugin.js";
export type { CheckFacts, Level } from "./check.js";
export { formatCheckTable, formatReport, formatSummary } from "./format-report.js";
export type { CheckResult, ConformanceReport, Outcome } from "./report.js";
