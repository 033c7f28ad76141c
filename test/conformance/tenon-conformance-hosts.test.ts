import assert from "node:assert/strict";
import { test } from "node:test";
import { goExample } from "@tenon/example-kv/go";
import { checkHost } from "@tenon/testkit/conformance";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";
import { describeTroubles, idsOf } from "./peers/outcomes.js";

const sandbox = useSandbox();
const cookie = { key: "BASIC_PLUGIN", value: "hello" };
const options = { cookie, versions: [1], timeoutMs: 30_000 };

for (const plain of [false, true]) {
  test(`our host conforms, ${plain ? "in plaintext" : "with AutoMTLS"} [CONF-02]`, async () => {
    const report = await checkHost(["env", `PLAIN=${plain ? 1 : 0}`, ...fixture("one-call-host")], options);
    assert.deepEqual(idsOf(report, "failed"), [], describeTroubles(report));
    assert.deepEqual(idsOf(report, "warned"), [], describeTroubles(report));
    const inapplicable = plain
      ? ["env-certificate", "refuses-certificate", "refuses-silence", "tls-mutual", "tls-pinned", "tls-insisted"]
      : ["accepts-five-fields", "accepts-short-certificate", "refuses-silence"];
    assert.deepEqual(idsOf(report, "skipped"), inapplicable);
    await sandbox.assertClean();
  });
}

const { host, missing } = await goExample();
test("go-plugin's own example host conforms but for what upstream is known for [CONF-02]", {
  skip: missing ?? false,
}, async () => {
  // The example runs its plugin by a shell; exec, since go-plugin kills the shell alone and then waits for ever.
  const command = ["env", "KV_PROTO=grpc", "KV_PLUGIN=exec {plugin}", host!, "get", "hello"];
  const report = await checkHost(command, { ...options, timeoutMs: 10_000 });
  assert.deepEqual(idsOf(report, "failed"), [], describeTroubles(report));
  assert.deepEqual(idsOf(report, "warned"), [
    "env-inherited",
    "drains-long-line",
    "survives-hostile-logs",
    "bounds-shutdown",
    "kills-tree",
  ]);
  await sandbox.assertClean();
});
