import { type Check, broken, held, verdict } from "../../conformance/check.js";
import type { PluginSubject } from "../subject.js";
import { wholeLife } from "../whole-life.js";

const area = "logs";
const needs = ["handshake-line", "address-answers"];
const keys = ["@message", "@level", "@timestamp"];
const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/;
const maxLineBytes = 65_536;

/** The lines of a whole life on standard error, and those that are records of hclog. */
async function logged(subject: PluginSubject) {
  const lines = (await wholeLife(subject)).process.stderr.split("\n").filter((line) => line !== "");
  const records = lines.flatMap((line): Readonly<Record<string, unknown>>[] => {
    try {
      const value = JSON.parse(line) as Readonly<Record<string, unknown>> | null;
      return typeof value === "object" && value !== null && keys.some((key) => key in value) ? [value] : [];
    } catch {
      return [];
    }
  });
  return { lines, records };
}

/** What the plugin writes on standard error. Plain text is fine; records have rules. */
export const logChecks: readonly Check<PluginSubject>[] = [
  {
    id: "log-texts",
    area,
    title: "@message, @level and @timestamp of a record are texts",
    rule: "LOG-14; go-plugin: a host panics otherwise",
    level: "must",
    needs,
    expects: "texts, or no such key",
    next: "Convert the values to text before they are written: one number ends a Go host.",
    run: async (subject) => {
      const { records } = await logged(subject);
      const odd = records.find((record) => keys.some((key) => key in record && typeof record[key] !== "string"));
      return odd === undefined ? held(`${records.length} records`) : broken(JSON.stringify(odd).slice(0, 200));
    },
  },
  {
    id: "log-timestamps",
    area,
    title: "the @timestamp of a record has six fraction digits",
    rule: "LOG-13; go-plugin: other records are taken for plain text",
    level: "should",
    needs: [...needs, "log-texts"],
    expects: "2026-01-02T03:04:05.678901Z",
    next: "Write microseconds: three digits, as from JavaScript's toISOString, are not understood.",
    run: async (subject) => {
      const { records } = await logged(subject);
      const odd = records
        .map((record) => record["@timestamp"] ?? "")
        .find((at): at is string => typeof at === "string" && at !== "" && !timestamp.test(at));
      return verdict(odd === undefined, odd === undefined ? `${records.length} records` : odd);
    },
  },
  {
    id: "log-lines",
    area,
    title: "lines on standard error stay below 64 KiB",
    rule: "LOG-15; go-plugin: longer ones are cut up",
    level: "should",
    needs,
    expects: "at most 65536 bytes",
    next: "Cut long values before they are logged.",
    run: async (subject) => {
      const longest = Math.max(0, ...(await logged(subject)).lines.map((line) => Buffer.byteLength(line)));
      return verdict(longest < maxLineBytes, `the longest has ${longest} bytes`);
    },
  },
];
