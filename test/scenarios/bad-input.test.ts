import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type ErrorCode, isTenonError } from "@tenon/core";
import { createHost, type StartFacts, type StartOptions } from "@tenon/host";
import { assertNoLeaks, snapshotResources } from "@tenon/testkit";
import { echo } from "../fixtures/contracts.js";
import { elfForAnotherMachine } from "../support/elf.js";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";

const sandbox = useSandbox();

function file(name: string, content: string | Buffer, mode: number): string {
  const path = join(sandbox.directory, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

interface BadStart {
  readonly title: string;
  readonly command: readonly [string, ...string[]];
  readonly code: ErrorCode;
  readonly options?: StartOptions;
  readonly exitCode?: number;
  readonly signal?: string;
  /** What the offending line, escaped, must contain. */
  readonly line?: string;
  /** What one of the last lines of stderr must contain. */
  readonly stderr?: string;
  /** Whether a process was started at all. Default true. */
  readonly started?: boolean;
}

const plain: StartOptions = { autoMtls: false, connectTimeoutMs: 300 };
const soon: StartOptions = { startTimeoutMs: 500 };
const longDirectory = join(sandbox.directory, "long".repeat(30));
mkdirSync(longDirectory);
const notBase64 = "!".repeat(60);
const notDer = Buffer.alloc(60, 1).toString("base64").replace(/=+$/, "");

const cases: readonly BadStart[] = [
  {
    title: "a missing file [LIFE-05]",
    command: [join(sandbox.directory, "nowhere")],
    code: "executable-not-found",
    started: false,
  },
  {
    title: "a missing command [LIFE-05]",
    command: ["tenon-no-such-command"],
    code: "executable-not-found",
    started: false,
  },
  {
    title: "a file that is not executable [LIFE-06]",
    command: [file("data", "#!/bin/sh\n", 0o644)],
    code: "executable-not-runnable",
    started: false,
  },
  { title: "a directory [LIFE-06]", command: [sandbox.directory], code: "executable-not-runnable", started: false },
  {
    title: "another architecture [LIFE-07]",
    command: [file("foreign", elfForAnotherMachine(), 0o755)],
    code: "executable-format",
    started: false,
  },
  {
    title: "a missing interpreter [LIFE-07]",
    command: [file("script", "#!/no/such/interpreter\n", 0o755)],
    code: "executable-format",
    started: false,
  },
  { title: "the wrong cookie [LIFE-08]", command: fixture("wrong-cookie"), code: "cookie-mismatch", exitCode: 1 },
  {
    title: "a version nobody knows [VER-04]",
    command: fixture("prints", "1|99|unix|/nowhere|grpc|"),
    code: "version-mismatch",
    line: "1|99|",
  },
  {
    title: "another core version [HS-04]",
    command: fixture("prints", "2|1|unix|/nowhere|grpc|"),
    code: "core-version-mismatch",
    line: "2|1|",
  },
  {
    title: "an exit with code 0 [LIFE-03]",
    command: fixture("exits", "0"),
    code: "exited-before-handshake",
    exitCode: 0,
  },
  {
    title: "an exit with code 1 [LIFE-03]",
    command: fixture("exits", "1", "cannot open the database"),
    code: "exited-before-handshake",
    exitCode: 1,
    stderr: "cannot open the database",
  },
  {
    title: "an end by signal [LIFE-03]",
    command: fixture("exits-by-signal", "SIGKILL"),
    code: "exited-before-handshake",
    signal: "SIGKILL",
  },
  {
    title: "an error at import [LIFE-03]",
    command: fixture("throws-at-import"),
    code: "exited-before-handshake",
    exitCode: 1,
    stderr: "the database is locked",
  },
  { title: "silence [LIFE-01]", command: fixture("silent"), code: "start-timeout", options: soon },
  {
    title: "a trickle of bytes [LIFE-02] [HS-20]",
    command: fixture("drips", "100"),
    code: "start-timeout",
    options: { startTimeoutMs: 1000 },
    line: "1|",
  },
  {
    title: "10 MB without a line break [HS-19]",
    command: fixture("ten-megabytes-no-newline"),
    code: "handshake-too-long",
    line: "aaaa",
  },
  {
    title: "a banner before the line [HS-18]",
    command: fixture("prints", "Welcome to \u001b[31mplugin\u001b[0m!", "1|1|unix|/nowhere|grpc|"),
    code: "handshake-malformed",
    line: "Welcome to \\u001b[31mplugin",
  },
  {
    title: "a line of three fields [HS-05]",
    command: fixture("prints", "1|1|unix"),
    code: "handshake-malformed",
    line: "1|1|unix",
  },
  {
    title: "half a line and then the end [LIFE-03]",
    command: ["sh", "-c", "printf '1|1|un'; exit 3"],
    code: "exited-before-handshake",
    exitCode: 3,
    line: "1|1|un",
  },
  { title: "stdout closed while running [LIFE-04]", command: fixture("closes-stdout-early"), code: "stdout-closed" },
  {
    title: "stdout closed in the middle of a line [LIFE-04]",
    command: fixture("closes-stdout-early", "1|1|un"),
    code: "stdout-closed",
    line: "1|1|un",
  },
  {
    title: "net/rpc by its four fields [HS-09]",
    command: fixture("prints", "1|1|tcp|127.0.0.1:1"),
    code: "transport-unsupported",
    line: "1|1|tcp",
  },
  {
    title: "bad base64 [HS-13]",
    command: fixture("prints", `1|1|unix|/nowhere|grpc|${notBase64}`),
    code: "certificate-encoding",
    line: "!!!!",
  },
  {
    title: "a bad certificate [HS-15]",
    command: fixture("prints", `1|1|unix|/nowhere|grpc|${notDer}`),
    code: "certificate-invalid",
    line: "AQEB",
  },
  {
    title: "plaintext though AutoMTLS was asked for [TLS-07]",
    command: fixture("plaintext-server"),
    code: "tls-missing",
    line: "|grpc|",
  },
  {
    title: "plaintext behind a certificate [TLS-05]",
    command: fixture("plaintext-server", "certificate"),
    code: "tls-failed",
  },
  { title: "another certificate than announced [TLS-05]", command: fixture("another-certificate"), code: "tls-failed" },
  {
    title: "a socket that nobody serves [LIFE-09]",
    command: fixture("prints", `1|1|unix|${sandbox.directory}/nobody|grpc|`),
    code: "connect-failed",
    options: plain,
    line: "nobody",
  },
  {
    title: "a port that nobody serves [LIFE-09]",
    command: fixture("prints", "1|1|tcp|127.0.0.1:1|grpc|"),
    code: "connect-failed",
    options: plain,
    line: "127.0.0.1:1",
  },
  {
    title: "a socket path that no system could hold [LIFE-09]",
    command: fixture("prints", `1|1|unix|/${"x".repeat(200)}|grpc|`),
    code: "socket-path-too-long",
    options: plain,
    line: "xxxx",
  },
  {
    title: "a socket directory too long for its plugin [PLUG-08]",
    command: fixture("echo-plugin"),
    code: "exited-before-handshake",
    options: { socketDir: longDirectory },
    exitCode: 1,
    stderr: "socket-path-too-long",
  },
];

function checkFacts(row: BadStart, facts: StartFacts, elapsedMs: number): void {
  assert.deepEqual(facts.command, row.command);
  assert.ok(facts.elapsedMs >= 0 && facts.elapsedMs <= elapsedMs + 1, `elapsedMs is ${facts.elapsedMs}`);
  assert.ok(facts.probableCause.length > 10, `probableCause is ${JSON.stringify(facts.probableCause)}`);
  if (row.started !== false) assert.ok(Number.isInteger(facts.pid) && facts.pid! > 0);
  if (row.exitCode !== undefined) assert.equal(facts.exitCode, row.exitCode);
  if (row.signal !== undefined) assert.equal(facts.signal, row.signal);
  if (row.stderr !== undefined) {
    assert.ok(facts.stderrTail.join("\n").includes(row.stderr), facts.stderrTail.join("\n"));
  }
  if (row.line !== undefined) assert.ok(facts.stdoutLine?.includes(row.line), `stdoutLine is ${facts.stdoutLine}`);
}

describe("a start that cannot succeed fails with its own code, its facts and nothing left", { concurrency: 4 }, () => {
  for (const row of cases) {
    test(`${row.title}: ${row.code} [LIFE-10] [LIFE-11]`, { timeout: 30_000 }, async () => {
      await using host = createHost();
      const before = performance.now();
      const error = await host
        .start(echo, { process: row.command }, row.options)
        .then(() => assert.fail("it started"))
        .catch((reason: unknown) => reason);
      assert.ok(isTenonError(error, row.code), `${isTenonError(error) ? error.code : ""} ${String(error)}`);
      assert.equal(error.plugin, "echo");
      assert.ok(error.message.length > 20);
      const facts = error.facts as unknown as StartFacts;
      checkFacts(row, facts, performance.now() - before);
      assert.deepEqual(host.sessions, []);
    });
  }
});

test("a start waits for an answer on the connection, not only for the connection [LIFE-13]", async () => {
  await using host = createHost();
  const starting = host.start(echo, { process: fixture("never-answers") }, { autoMtls: false, startTimeoutMs: 1500 });
  await assert.rejects(starting, (error) => isTenonError(error, "start-timeout"));
});

test("nothing of all that is left behind [LIFE-11]", () => sandbox.assertClean());

test("aborting a start ends the process [LIFE-12] [LIFE-11]", async () => {
  await using host = createHost();
  const controller = new AbortController();
  const starting = host.start(echo, { process: fixture("silent") }, { signal: controller.signal });
  setTimeout(() => controller.abort(new Error("changed my mind")), 100);
  await assert.rejects(starting, (error) => isTenonError(error, "start-aborted"));
  await sandbox.assertClean();
});

test("a start with a signal that is aborted already starts nothing [LIFE-12]", async () => {
  await using host = createHost();
  const starting = host.start(echo, { process: fixture("silent") }, { signal: AbortSignal.abort() });
  await assert.rejects(starting, (error) => isTenonError(error, "start-aborted"));
});

test("stopping the host ends a running start [STOP-10]", async () => {
  const host = createHost();
  const starting = host.start(echo, { process: fixture("silent") });
  setTimeout(() => void host.stop(), 100);
  await assert.rejects(starting, (error) => isTenonError(error));
  await sandbox.assertClean();
});

test("failed starts leave no timer, pipe or descriptor in the host [LIFE-11]", async () => {
  const watched = { temporaryDirectories: [sandbox.directory] };
  await using host = createHost();
  const start = (command: [string, ...string[]]): Promise<unknown> =>
    host.start(echo, { process: command }, soon).catch(() => {});
  await start(fixture("silent"));
  const before = snapshotResources(watched);
  for (let i = 0; i < 3; i++) {
    await start([join(sandbox.directory, "nowhere")]);
    await start(fixture("exits", "1"));
    await start(fixture("prints", "nonsense"));
  }
  await assertNoLeaks(before);
});
