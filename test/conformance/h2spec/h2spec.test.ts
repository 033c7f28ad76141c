import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from "@tenon/core";
import { buildGo } from "@tenon/example-kv/go";
import { createCertificate, createServer } from "@tenon/wire";
import { useSandbox } from "../../support/sandbox.js";
import { serverTls, serveTcp } from "../peers/serve-tcp.js";
import { parseReport, type ReportedCase } from "./report.js";

/** Seen from test/dist/conformance/h2spec. */
const module = fileURLToPath(new URL("../../../conformance/h2spec", import.meta.url));
/** With its strict cases. A version of h2spec with other cases changes this number. */
const cases = 146;
/** How long h2spec waits for an answer. Only a case that would fail waits so long. */
const timeoutSeconds = "5";

const { directory } = useSandbox();
const { folder, missing } = await buildGo({ module, packages: ["github.com/summerwind/h2spec/cmd/h2spec"] });

/** Runs all of h2spec, which ends with 1 when a case fails: the report says which. */
async function runH2spec(port: number, ...options: string[]): Promise<ReportedCase[]> {
  const report = join(directory, `report-${port}.xml`);
  const target = ["--host", "127.0.0.1", "--port", String(port), "--path", "/grpc.health.v1.Health/Check"];
  const args = ["--strict", "--timeout", timeoutSeconds, "--junit-report", report, ...target, ...options];
  const ended = await new Promise<{ code: unknown; output: string }>((resolve) => {
    execFile(join(folder!, "h2spec"), args, { timeout: 120_000, killSignal: "SIGKILL" }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, output: stdout + stderr }),
    );
  });
  assert.ok(ended.code === 0 || ended.code === 1, `h2spec ended with ${String(ended.code)}:\n${ended.output}`);
  return parseReport(await readFile(report, "utf8"));
}

describe("h2spec against our server", { skip: missing ?? false }, () => {
  for (const over of ["a plain socket", "TLS"]) {
    test(`every case passes over ${over}, none is skipped [WIRE-06] [WIRE-07] [WIRE-08] [WIRE-09]`, async () => {
      const server = createServer().add(Health, { check: () => ({ status: ServingStatus.SERVING }) });
      const tls = over === "TLS";
      const served = await serveTcp(server, tls ? serverTls(createCertificate()) : undefined);
      try {
        const report = await runH2spec(served.port, ...(tls ? ["--tls", "--insecure"] : []));
        assert.deepEqual(
          report.filter(({ outcome }) => outcome !== "passed"),
          [],
        );
        assert.equal(report.length, cases);
      } finally {
        await served.close();
      }
    });
  }
});

test("a report's failed and skipped cases are told apart from those that passed", () => {
  const xml = `<testsuites><testsuite name="6.7. PING">
    <testcase package="http2/6.7" classname="Sends &#34;x&#34;" time="0.1"></testcase>
    <testcase package="http2/6.7" classname="b" time="0"><skipped></skipped></testcase>
    <testcase package="http2/6.7" classname="c" time="0"/>
    <testcase package="http2/6.7" classname="d" time="0"><failure>PING &lt;ack&gt;</failure></testcase>
  </testsuite></testsuites>`;
  assert.deepEqual(parseReport(xml), [
    { title: 'http2/6.7 Sends "x"', outcome: "passed", message: "" },
    { title: "http2/6.7 b", outcome: "skipped", message: "" },
    { title: "http2/6.7 c", outcome: "passed", message: "" },
    { title: "http2/6.7 d", outcome: "failed", message: "PING <ack>" },
  ]);
});
