import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type ConformanceReport, formatCheckTable, hostChecks, pluginChecks } from "@tenon/testkit/conformance";
import { read } from "../docs/pages.js";
import { requirements } from "../requirements/requirements.js";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";

const sandbox = useSandbox();
const program = fileURLToPath(new URL("../../../packages/testkit/dist/cli/main.js", import.meta.url));
const cookie = ["--cookie", "FAULTY_COOKIE=yes"];

async function run(...args: string[]) {
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const closed = once(child, "close") as Promise<[number]>;
  const [stdout, stderr, [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { stdout, stderr, exitCode };
}

describe("the command", () => {
  test("ends with 0 and a report where no must is broken [CONF-04]", async () => {
    const { stdout, exitCode } = await run("plugin", ...cookie, "--only", "cookie", "--", ...fixture("faulty-plugin"));
    assert.match(
      stdout,
      /^Conformance of the plugin .*\n\ncookie\n {2}✓ cookie-missing {2}without[\s\S]+\nconforms: 5 checks, 5 passed/,
    );
    assert.equal(exitCode, 0);
  });

  test("ends with 1 where one is, and tells what was expected, what came, the rule and what to do [CONF-04]", async () => {
    const { stdout, exitCode } = await run(
      "plugin",
      ...cookie,
      "--only",
      "handshake",
      "--",
      ...fixture("faulty-plugin", "handshake-core"),
    );
    assert.match(
      stdout,
      / {2}✗ handshake-core {2}.*\n {6}expected {2}1\n {6}came {6}2\n {6}rule {6}HS-04; .*\(must\)\n {6}next {6}The first/,
    );
    assert.match(stdout, /\ndoes not conform: 10 checks, 9 passed, 1 failed/);
    assert.equal(exitCode, 1);
  });

  test("writes JSON to standard output or to a file [CONF-04]", async () => {
    const args = ["plugin", ...cookie, "--only", "cookie", "--only", "versions"];
    const printed = await run(...args, "--json", "-", "--", ...fixture("faulty-plugin", "cookie-quiet"));
    const report = JSON.parse(printed.stdout) as ConformanceReport;
    assert.deepEqual([report.kind, report.passed, report.counts.warned], ["plugin", true, 1]);
    assert.match(printed.stderr, /^conforms: 10 checks/);
    const file = `${sandbox.directory}/report.json`;
    const written = await run(...args, "--json", file, "--", ...fixture("faulty-plugin"));
    assert.match(written.stdout, /^Conformance of/);
    const { results } = JSON.parse(readFileSync(file, "utf8")) as ConformanceReport;
    assert.deepEqual(Object.keys(results[0]!).sort(), [
      "area",
      "elapsedMs",
      "expects",
      "id",
      "level",
      "next",
      "outcome",
      "rule",
      "saw",
      "title",
    ]);
  });

  for (const [args, words] of [
    [[], /say plugin or host first/],
    [["plugin", "--", "x"], /give the contract's cookie/],
    [["plugin", "--cookie", "A", "--", "x"], /is not KEY=VALUE/],
    [["plugin", ...cookie], /name the program behind --/],
    [["plugin", "x"], /put -- before the program/],
    [
      ["plugin", ...cookie, "--only", "cheese", "--", "x"],
      /there is no area or check cheese; areas are cookie, handshake/,
    ],
    [["plugin", ...cookie, "--versions", "v1", "--", "x"], /no list of numbers/],
    [["plugin", ...cookie, "--timeout-ms", "0", "--", "x"], /no whole number from 1 on/],
    [["host", "--prints", "x", "--", "x"], /is for plugins/],
    [["plugin", ...cookie, "--start-timeout-ms", "9", "--", "x"], /is for hosts/],
    [["host", "--cheese"], /--cheese/],
  ] as const) {
    test(`ends with 2 and its usage for: ${args.join(" ")} [CONF-04]`, async () => {
      const { stdout, stderr, exitCode } = await run(...args);
      assert.match(stderr, words);
      assert.match(stderr, /Usage: tenon-conformance plugin/);
      assert.deepEqual([stdout, exitCode], ["", 2]);
    });
  }

  test("--help and --list run nothing [CONF-04]", async () => {
    const help = await run("--help");
    assert.match(help.stdout, /^Usage:/);
    const list = await run("host", "--list", "--only", "stop");
    const wanted = hostChecks.filter(({ area }) => area === "stop");
    assert.deepEqual([help.exitCode, list.exitCode, list.stdout], [0, 0, `${formatCheckTable(wanted)}\n`]);
  });

  test("a program that does not exist breaks its first check and nothing else [CONF-04]", async () => {
    const plugin = await run("plugin", ...cookie, "--only", "handshake", "--timeout-ms", "2000", "--", "/tenon/nobody");
    assert.match(plugin.stdout, /✗ handshake-line.*\n.*\n.*ENOENT/);
    const host = await run("host", "--", "/tenon/nobody");
    assert.match(host.stdout, /✗ host-starts.*\n.*\n.*ENOENT/);
    assert.deepEqual([plugin.exitCode, host.exitCode], [1, 1]);
  });
});

describe("the checks", () => {
  const all = [...pluginChecks, ...hostChecks];

  test("have an id of their own and need what there is, in the same table [CONF-05]", () => {
    for (const checks of [pluginChecks, hostChecks] as const) {
      const ids = checks.map(({ id }) => id);
      assert.equal(new Set(ids).size, ids.length);
      for (const { id, needs = [] } of checks)
        for (const need of needs) assert.ok(ids.includes(need), `${id} needs ${need}`);
    }
  });

  test("cite rules that there are [CONF-05]", () => {
    const known = new Set(requirements.map(({ id }) => id));
    for (const { id, rule } of all) {
      const cited = rule.match(/\b[A-Z]{2,6}-\d\d\b/g) ?? [];
      for (const each of cited) assert.ok(known.has(each), `${id} cites ${each}`);
      assert.ok(cited.length > 0 || /go-plugin|RFC/.test(rule), `${id} cites nothing`);
    }
  });
});

describe("the guide", () => {
  const guide = read("docs/guides/conformance.md");

  for (const [kind, checks] of [
    ["plugin", pluginChecks],
    ["host", hostChecks],
  ] as const) {
    test(`lists the checks of a ${kind} as the code has them [CONF-05]`, () => {
      assert.ok(guide.includes(`\n${formatCheckTable(checks)}\n`), formatCheckTable(checks));
    });
  }

  test("shows a report as the command prints it [CONF-04]", async () => {
    const faulty = fixture("faulty-plugin", "tls-stranger");
    const { stdout } = await run("plugin", ...cookie, "--only", "cookie", "--only", "TLS", "--", ...faulty);
    const report = stdout.replace(faulty.join(" "), "./my-plugin").replace(/in [\d.]+ s/, "in 2.0 s");
    assert.ok(guide.includes(`\n\`\`\`\n${report}\`\`\`\n`), report);
  });
});
