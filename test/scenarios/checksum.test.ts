import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { isTenonError } from "@tenon/core";
import { createHost, type LaunchRequest, type Launcher, processLauncher } from "@tenon/host";
import { echo } from "../fixtures/contracts.js";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";

const sandbox = useSandbox();
const posix = process.platform === "win32" ? "needs a shell" : false;
const [node, plugin] = fixture("echo-plugin") as [string, string];
const sha256 = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");

/** A script of one file that runs the echo plugin; the test's end removes it. */
function makeScript(t: { after(fn: () => void): void }): string {
  const script = join(sandbox.directory, "plugin.sh");
  writeFileSync(script, `#!/bin/sh\nexec "${node}" "${plugin}"\n`);
  chmodSync(script, 0o755);
  t.after(() => rmSync(script));
  return script;
}

test("checksum ok: what runs is a private copy, which goes with the plugin [CHECK-01]", { skip: posix }, async (t) => {
  const script = makeScript(t);
  await using host = createHost();
  let request: LaunchRequest | undefined;
  const processes = processLauncher();
  const launcher: Launcher = { ...processes, start: (given) => processes.start((request = given)) };
  const session = await host.start(echo, { process: [script], launcher, checksum: { sha256: sha256(script) } });
  assert.equal((await session.client("echo").unary({ chunks: [Buffer.from("x")] })).chunks.length, 1);
  const [copy = ""] = request!.command;
  assert.notEqual(copy, script);
  assert.deepEqual([basename(copy), dirname(copy)], [basename(script), request!.verifiedDir]);
  assert.deepEqual([statSync(copy).mode & 0o777, statSync(dirname(copy)).mode & 0o777], [0o500, 0o700]);
  await session.stop();
  rmSync(script);
  await sandbox.assertClean();
  makeScript({ after: () => {} });
});

test("checksum wrong: checksum-mismatch, nothing runs and nothing is left [CHECK-02]", { skip: posix }, async (t) => {
  const script = makeScript(t);
  await using host = createHost();
  const wrong = { process: [script], checksum: { sha256: "0".repeat(64) } } as const;
  await assert.rejects(host.start(echo, wrong), (error) => {
    assert.ok(isTenonError(error, "checksum-mismatch"));
    const { file, expected, found, pid } = error.facts;
    assert.deepEqual([file, expected, found, pid], [script, "0".repeat(64), sha256(script), undefined]);
    return true;
  });
});

test("checksum: a file that is swapped between check and start changes nothing [CHECK-03]", {
  skip: posix,
}, async (t) => {
  const script = makeScript(t);
  await using host = createHost();
  const processes = processLauncher();
  const launcher: Launcher = {
    ...processes,
    start(request) {
      writeFileSync(script, "#!/bin/sh\necho swapped >&2\nexit 66\n");
      return processes.start(request);
    },
  };
  const session = await host.start(echo, { process: [script], launcher, checksum: { sha256: sha256(script) } });
  assert.equal((await session.stop()).how, "shutdown");
});

test("checksum: arguments can be verified, and only what the plugin runs [CHECK-04]", async (t) => {
  const main = join(sandbox.directory, "one-file.mjs");
  writeFileSync(
    main,
    `await import(${JSON.stringify(plugin)});\nprocess.stderr.write("ONE FILE\\n");\nprocess.exit(5);\n`,
  );
  t.after(() => rmSync(main));
  await using host = createHost();
  const checksum = [{ file: main, sha256: sha256(main).toUpperCase() }];
  await assert.rejects(host.start(echo, { process: [node, main], checksum }), (error) => {
    return isTenonError(error, "exited-before-handshake") && error.facts["exitCode"] === 5;
  });
  const other = [{ file: plugin, sha256: sha256(plugin) }];
  await assert.rejects(host.start(echo, { process: [node, main], checksum: other }), { code: "option-invalid" });
  const absent = [{ file: "no-such-file", sha256: "0".repeat(64) }];
  await assert.rejects(host.start(echo, { process: [node, "no-such-file"], checksum: absent }), {
    code: "executable-not-found",
  });
});

test("checksum missing: checksum-missing, and no digest that is none [CHECK-05]", async () => {
  await using host = createHost();
  for (const checksum of [{}, { sha256: "" }, []]) {
    await assert.rejects(host.start(echo, { process: [node, plugin], checksum: checksum as never }), {
      code: "checksum-missing",
    });
  }
  for (const checksum of [{ sha256: "abc" }, { sha256: "0".repeat(64), md5: "" }, 7]) {
    await assert.rejects(host.start(echo, { process: [node, plugin], checksum: checksum as never }), {
      code: "option-invalid",
    });
  }
});
