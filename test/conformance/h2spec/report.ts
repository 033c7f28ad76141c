/** One case of a JUnit report. */
export interface ReportedCase {
  /** Section and title, as `http2/6.9.1 Sends …`. */
  readonly title: string;
  readonly outcome: "passed" | "failed" | "skipped";
  /** What the report says about a case that did not pass. */
  readonly message: string;
}

const testcase = /<testcase package="([^"]*)" classname="([^"]*)"[^>]*?(?:\/>|>([\s\S]*?)<\/testcase>)/g;
const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  "#34": '"',
  "#39": "'",
  "#xA": "\n",
};

/** The cases in a JUnit report as h2spec writes it, in their order. */
export function parseReport(xml: string): ReportedCase[] {
  return [...xml.matchAll(testcase)].map(([, section, title, body = ""]) => ({
    title: unescape(`${section} ${title}`),
    outcome: /<(?:failure|error)\b/.test(body) ? "failed" : /<skipped\b/.test(body) ? "skipped" : "passed",
    message: unescape(body.replaceAll(/<[^>]*>/g, "")).trim(),
  }));
}

function unescape(text: string): string {
  return text.replaceAll(/&(#?\w+);/g, (whole, name: string) => entities[name] ?? whole);
}
