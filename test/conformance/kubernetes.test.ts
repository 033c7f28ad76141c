import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { buildGo } from "@tenon/example-kv/go";

/** Seen from test/dist/conformance. */
const root = fileURLToPath(new URL("../../..", import.meta.url));
const built = await buildGo({ module: join(root, "test/conformance/kubernetes"), packages: ["."] });
const manifests = readFileSync(join(root, "docs/guides/bind-in-a-container/plugin.yaml"), "utf8");

/** Lets Kubernetes' own types read manifests. Returns what they have against them. */
function complaintsAbout(input: string): string {
  const { status, stderr } = spawnSync(join(built.folder!, "kubernetes"), { input, encoding: "utf8" });
  assert.equal(status, stderr === "" ? 0 : 1);
  return stderr;
}

describe("the manifests of the guide", { skip: built.missing ?? false }, () => {
  test("are what Kubernetes reads, every field of them", () => {
    assert.equal(complaintsAbout(manifests), "");
  });

  for (const [right, wrong, complaint] of [
    ["readinessProbe", "readynessProbe", /unknown field "spec.template.spec.containers\[0\].readynessProbe"/],
    ["replicas: 1", "replicas: one", /cannot unmarshal string into .*spec.replicas of type int32/],
    ["kind: Secret", "kind: Sekret", /no kind "Sekret" is registered/],
  ] as const) {
    test(`would not be read with ${wrong}`, () => {
      assert.ok(manifests.includes(right));
      assert.match(complaintsAbout(manifests.replace(right, wrong)), complaint);
    });
  }
});
