import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Contract, type ContractVersions, defineContract, isTenonError } from "@tenon/core";
import { createHost } from "@tenon/host";
import { versioned } from "../fixtures/contracts.js";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";

const sandbox = useSandbox();

/** A host's view of the contract: these versions, declared in this order. */
function withVersions(...wanted: number[]): Contract {
  const versions: Record<number, ContractVersions[number]> = {};
  for (const version of wanted) versions[version] = versioned.versions[version as 1];
  return defineContract({ name: "versioned", cookie: versioned.cookie, versions });
}

/** Versions of the host, versions of the plugin, and the one that they agree on. */
const matrix: readonly (readonly [number[], string[], number | undefined])[] = [
  [[1], ["1"], 1],
  [[1, 2, 3], ["1"], 1],
  [[1], ["1", "2", "3"], 1],
  [[1, 2], ["2", "3"], 2],
  [[3, 1, 2], ["2", "1"], 2],
  [[1, 2, 3], ["3", "1", "2"], 3],
  [[1, 3], ["2"], undefined],
  [[2], ["3", "1"], undefined],
];

describe("host and plugin agree on the highest version they share", { concurrency: 2 }, () => {
  for (const [own, offered, agreed] of matrix) {
    const title = `host ${own.join(",")}, plugin ${offered.join(",")}: ${agreed ?? "version-mismatch"}`;
    test(`${title} [VER-01] [VER-02] [VER-03] [VER-04] [VER-05] [ENV-03]`, async () => {
      await using host = createHost();
      const starting = host.start(withVersions(...own), { process: fixture("versions-plugin", ...offered) });
      if (agreed === undefined) {
        await assert.rejects(starting, (error) => {
          assert.ok(isTenonError(error, "version-mismatch"), String(error));
          for (const version of own) assert.ok(error.message.includes(`${version}`), error.message);
          assert.ok(error.message.includes(`${Math.min(...offered.map(Number))}`), error.message);
          return true;
        });
        return;
      }
      const session = await starting;
      assert.equal(session.version, agreed);
      await session.ping();
    });
  }
});

test("a service of a version other than the agreed one is refused [VER-06]", async () => {
  await using host = createHost();
  const session = await host.start(versioned, { process: fixture("versions-plugin", "1", "2") });
  assert.equal(session.version, 2);
  await session.client("echo").unary({});
  assert.throws(
    () => session.client("chaos"),
    (error) => isTenonError(error, "service-unknown"),
  );
});

test("nothing of all that is left behind [LIFE-11]", () => sandbox.assertClean());
