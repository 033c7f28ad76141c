import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { isTenonError } from "@tenon/core";
import { createHost, type ProcessLaunch } from "@tenon/host";
import { caged } from "./bubblewrap.js";
import { bundle, program } from "./checked.js";
import { containerLauncher } from "./container-launcher.js";
import { words } from "./contract.js";

/**
 * Takes the arguments that the launcher gives to an engine. In place of a container it makes the volume's inner path a link to the outer
 * one, and runs the command.
 */
const standIn = `#!/bin/sh
echo "$@" >> "$(dirname "$0")/log"
[ "$1" = run ] || exit 0
shift
while [ "\${1#--}" != "$1" ]; do
  value="\${1#*=}"
  case "$1" in
    --env=*) eval "[ \\"\\\${$value+set}\\" ]" || exit 125 ;;
    --volume=*) link="\${value##*:}"; ln -s "\${value%%:*}" "$link" ;;
  esac
  shift
done
shift
"$@"
code=$?
rm -f "$link"
exit $code
`;

test("the launcher of the guide starts a plugin in a container and translates its address", {
  skip: process.platform === "win32" ? "needs a POSIX shell" : false,
}, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "c-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const engine = join(directory, "docker");
  writeFileSync(engine, standIn);
  chmodSync(engine, 0o755);
  const inside = join(directory, "inside");
  const launcher = containerLauncher({ image: "words:1", engine, socketDir: inside });

  await using host = createHost();
  const launch = { process: [process.execPath, `${import.meta.dirname}/plugin.js`], launcher } as const;
  const session = await host.start(words, launch);
  assert.equal((await session.client("words").count({ text: "in a box" })).words, 3);
  assert.ok(!session.reattach.address.string.startsWith(inside));
  const { how, exitCode } = await session.stop();
  assert.deepEqual([how, exitCode], ["shutdown", 0]);

  const log = readFileSync(join(directory, "log"), "utf8");
  assert.match(log, /^run --rm --name=words-1-\d+ --network=none --interactive --volume=\S+ --env=/);
  assert.doesNotMatch(log, /c1f0a2|BEGIN CERTIFICATE/, "no value stands on a command line");
  assert.equal(existsSync(inside), false);
});

test("the launcher of the guide fails as launchers do", async () => {
  await using host = createHost();
  const launcher = containerLauncher({ image: "words:1", engine: "/no/such/engine" });
  await assert.rejects(host.start(words, { process: ["words"], launcher }), (error) => {
    return isTenonError(error, "launcher-failed") && error.message.includes("ENOENT");
  });
});

const sandbox = spawnSync("bwrap", ["--unshare-all", "--ro-bind", "/", "/", "true"], { stdio: "ignore" });
const noSandbox = sandbox.status === 0 ? false : "bubblewrap is not there or may make no namespaces";

test("the caged plugin of the guide works", { skip: noSandbox }, async () => {
  const root = join(import.meta.dirname, "../../..");
  await using host = createHost();
  const { launcher } = caged(root);
  const command = [process.execPath, `${import.meta.dirname}/plugin.js`] as const;
  const session = await host.start(words, { process: command, ...(launcher && { launcher }) });
  assert.equal((await session.client("words").count({ text: "one two" })).words, 2);
  assert.equal((await session.stop()).how, "shutdown");
});

test("the verified launches of the guide are launches, and start nothing else", async () => {
  const directory = mkdtempSync(join(tmpdir(), "v-"));
  const cwd = dirname(join(directory, "plugins"));
  await using host = createHost();
  const launches: ProcessLaunch[] = [program, bundle].map((launch) => ({ ...launch, cwd }));
  for (const launch of launches) {
    await assert.rejects(host.start(words, launch), (error) => isTenonError(error, "executable-not-found"));
  }
  rmSync(directory, { recursive: true });
});
