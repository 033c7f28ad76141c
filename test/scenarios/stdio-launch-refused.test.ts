import assert from "node:assert/strict";
import { test } from "node:test";
import { type ErrorCode, isTenonError } from "@tenon/core";
import { createHost, startFactsOf } from "@tenon/host";
import { echo, versioned } from "../fixtures/contracts.js";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";

const sandbox = useSandbox();

const failures: {
  what: string;
  stdio: [string, ...string[]];
  code: ErrorCode;
  line?: string;
}[] = [
  {
    what: "a program that prints something else",
    stdio: ["sh", "-c", "echo Welcome; sleep 60"],
    code: "handshake-malformed",
    line: "Welcome",
  },
  {
    what: "a program that prints something else and ends",
    stdio: ["sh", "-c", "echo Welcome; exit 3"],
    code: "handshake-malformed",
    line: "Welcome",
  },
  { what: "a program that ends at once", stdio: ["sh", "-c", "echo why >&2; exit 3"], code: "exited-before-handshake" },
  { what: "a program that closes its output", stdio: ["sh", "-c", "exec sleep 60 >&-"], code: "stdout-closed" },
  {
    what: "half a line and the end",
    stdio: ["sh", "-c", "printf '1|1|st'"],
    code: "exited-before-handshake",
    line: "1|1|st",
  },
  {
    what: "a flood without a line end",
    stdio: ["sh", "-c", "head -c 100000 /dev/zero; sleep 60"],
    code: "handshake-too-long",
  },
  { what: "a plugin that wants another cookie", stdio: fixture("wrong-cookie"), code: "cookie-mismatch" },
  { what: "a missing command", stdio: ["tenon-no-such-command"], code: "executable-not-found" },
  {
    what: "a plugin with a socket",
    stdio: ["sh", "-c", "echo '1|1|unix|/tmp/x|grpc|'; sleep 60"],
    code: "transport-mismatch",
    line: "1|1|unix|/tmp/x|grpc|",
  },
  {
    what: "a plugin of net/rpc",
    stdio: ["sh", "-c", "echo '1|1|stdio|-|netrpc|'; sleep 60"],
    code: "transport-unsupported",
  },
  {
    what: "a plugin of another version",
    stdio: ["sh", "-c", "echo '1|7|stdio|-|grpc|'; sleep 60"],
    code: "version-mismatch",
  },
  {
    what: "a line and no server",
    stdio: ["sh", "-c", "echo '1|1|stdio|-|grpc|'; echo Welcome to my program; sleep 60"],
    code: "connect-failed",
  },
  { what: "silence", stdio: ["sleep", "60"], code: "start-timeout" },
];

for (const { what, stdio, code, line } of failures) {
  test(`${what} makes the start fail with ${code}, and leaves nothing [STD-09]`, async () => {
    await using host = createHost();
    const failure = await host
      .start(echo, { stdio }, { startTimeoutMs: what === "silence" ? 300 : 20_000 })
      .catch((error: unknown) => error);
    assert.ok(isTenonError(failure, code), String(failure));
    const facts = startFactsOf(failure)!;
    assert.deepEqual(facts.command, stdio);
    if (line !== undefined) assert.ok(facts.stdoutLine?.startsWith(line), String(facts.stdoutLine));
    if (what.endsWith("at once")) assert.deepEqual([facts.exitCode, facts.stderrTail], [3, ["why"]]);
    await sandbox.assertClean();
  });
}

test("a plugin that answers for standard streams nobody asked for is refused [STD-03]", async () => {
  await using host = createHost();
  const failure = await host
    .start(echo, { process: ["sh", "-c", "echo '1|1|stdio|-|grpc||true'; sleep 60"] })
    .catch((error: unknown) => error);
  assert.ok(isTenonError(failure, "transport-mismatch"), String(failure));
});

test("a plugin that was made for sockets alone is refused, and its socket removed [STD-04]", async () => {
  await using host = createHost();
  const failure = await host.start(versioned, { stdio: fixture("legacy-plugin") }).catch((error: unknown) => error);
  assert.ok(isTenonError(failure, "transport-mismatch"), String(failure));
  await sandbox.assertClean();
});
