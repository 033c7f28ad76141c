import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { defineContract, type ErrorCode, Health, isTenonError } from "@tenon/core";
import { startFactsOf } from "./diagnose/start-error.js";
import { createHost, type HostOptions } from "./host.js";
import type { ProcessLaunch } from "./launch/process-launch.js";
import type { StartOptions } from "./start-options.js";

const skip = process.platform === "win32" ? "needs a shell" : false;
const contract = defineContract({
  name: "demo",
  cookie: { key: "DEMO_PLUGIN", value: "x" },
  versions: { 1: { health: Health } },
});
const sh = (script: string): ProcessLaunch => ({ process: ["/bin/sh", "-c", script] });

async function fails(launch: ProcessLaunch, options: StartOptions = {}, hostOptions: HostOptions = {}) {
  await using host = createHost(hostOptions);
  const error: unknown = await host.start(contract, launch, { autoMtls: false, ...options }).then(
    () => assert.fail("it started"),
    (reason: unknown) => reason,
  );
  assert.ok(isTenonError(error), String(error));
  assert.deepEqual(host.sessions, []);
  return { code: error.code, message: error.message, facts: startFactsOf(error) };
}

test("a failed start tells everything it knows [LIFE-03] [LIFE-10]", { skip }, async () => {
  const { code, message, facts } = await fails(sh("echo 'cannot open \u001b[1mdb' >&2; exit 3"));
  assert.equal(code, "exited-before-handshake");
  assert.deepEqual([facts?.exitCode, facts?.signal, facts?.stderrTail], [3, null, ["cannot open \u001b[1mdb"]]);
  assert.deepEqual([facts?.command[0], facts?.file, facts?.stdoutLine], ["/bin/sh", "/bin/sh", undefined]);
  assert.ok((facts?.pid ?? 0) > 0 && (facts?.elapsedMs ?? 0) > 0 && facts?.probableCause);
  assert.match(message, /The plugin "demo" \(\/bin\/sh -c .*exit code 3.*\n.*\nstderr: cannot open \\u001b\[1mdb$/s);
});

const rows: [title: string, script: string, code: ErrorCode, options?: StartOptions][] = [
  ["exit code 0 [LIFE-03]", "exit 0", "exited-before-handshake"],
  ["a signal [LIFE-03]", "kill -KILL $$", "exited-before-handshake"],
  ["silence [LIFE-01]", "sleep 60", "start-timeout", { startTimeoutMs: 100 }],
  ["a trickle [LIFE-02]", "while :; do printf x; sleep 0.02; done", "start-timeout", { startTimeoutMs: 200 }],
  ["a banner [HS-18]", "echo hello; sleep 60", "handshake-malformed"],
  ["a flood without a line end [HS-19]", "exec cat /dev/zero", "handshake-too-long"],
  ["stdout closed [LIFE-04]", "exec >&-; sleep 60", "stdout-closed"],
  ["half a line and an end [LIFE-03]", "printf '1|1|un'; exit 2", "exited-before-handshake"],
  [
    "nobody at the address [LIFE-09]",
    "echo '1|1|unix|/nowhere/x|grpc'; sleep 60",
    "connect-failed",
    { connectTimeoutMs: 50 },
  ],
  ["an end right after the line", "echo '1|1|unix|/nowhere/x|grpc'", "plugin-exited"],
  [
    "plaintext under AutoMTLS [TLS-07]",
    "echo '1|1|unix|/nowhere/x|grpc|'; sleep 60",
    "tls-missing",
    { autoMtls: true },
  ],
  ["a refused cookie [LIFE-08]", "echo 'magic cookie missing' >&2; exit 1", "cookie-mismatch"],
];

for (const [title, script, code, options] of rows) {
  test(`${title}: ${code} [LIFE-10]`, { skip }, async () => {
    const failure = await fails(sh(script), options);
    assert.equal(failure.code, code, failure.message);
    assert.ok(failure.facts?.probableCause);
  });
}

test("a plugin that ignores SIGTERM does not survive its failed start [LIFE-11]", { skip }, async () => {
  const { facts } = await fails(sh("trap '' TERM; echo banner; while :; do sleep 0.05; done"), {
    stop: { terminateTimeoutMs: 50 },
  });
  assert.throws(() => process.kill(facts?.pid ?? 0, 0));
});

test("a plugin gets a socket directory of its own, or the one that was named, or none beside a group [ENV-17]", {
  skip,
}, async () => {
  const show = sh('echo "$PLUGIN_UNIX_SOCKET_DIR" >&2; exit 3');
  const shown = async (options?: StartOptions) => (await fails(show, options)).facts?.stderrTail[0];
  const own = await shown();
  assert.match(own ?? "", new RegExp(`/tenon-${process.pid}-\\w{12}$`));
  assert.equal(existsSync(own ?? ""), false);
  assert.equal(await shown({ socketDir: "/tmp" }), "/tmp");
  assert.equal(existsSync("/tmp"), true);
  assert.equal(await shown({ socketGroup: "0" }), undefined);
});

test("the parent-death wrapper changes nothing about errors [LIFE-05] [LIFE-07]", { skip }, async () => {
  for (const parentDeathSignal of ["SIGTERM", "SIGKILL", false] as const) {
    const exit = await fails({ ...sh("exit 127"), parentDeathSignal });
    assert.deepEqual([exit.code, exit.facts?.exitCode], ["exited-before-handshake", 127]);
    const missing = await fails({ process: ["/no/such"], parentDeathSignal });
    assert.deepEqual([missing.code, missing.facts?.pid], ["executable-not-found", undefined]);
  }
});

test("a signal aborts a start, before it and during it [LIFE-12]", { skip }, async () => {
  const before = await fails(sh("sleep 60"), { signal: AbortSignal.abort() });
  assert.deepEqual([before.code, before.facts?.pid], ["start-aborted", undefined]);
  const during = await fails(sh("sleep 60"), { signal: AbortSignal.timeout(50) });
  assert.deepEqual([during.code, during.facts?.exitCode, during.facts?.signal], ["start-aborted", null, null]);
});

test("stopping the host gives up its starts and refuses new ones [LIFE-17] [STOP-10]", { skip }, async () => {
  const host = createHost({ name: "app" });
  const started = assert.rejects(host.start(contract, sh("sleep 60")), (error) => isTenonError(error, "host-closed"));
  assert.deepEqual(await host.stop(), []);
  await started;
  await assert.rejects(
    host.start(contract, sh("sleep 60")),
    (error) => isTenonError(error, "host-closed") && error.message.includes('"app"'),
  );
  assert.deepEqual(await host.stop(), []);
});

test("invalid arguments are named and start nothing", async () => {
  await using host = createHost();
  const invalid = (option: string) => (error: unknown) =>
    isTenonError(error, "option-invalid") && error.facts["option"] === option;
  await assert.rejects(host.start(contract, { process: [] as never }), invalid("launch.process"));
  await assert.rejects(host.start({} as never, sh("")), invalid("contract"));
  await assert.rejects(host.start(contract, sh(""), 5 as never), invalid("options"));
  await assert.rejects(host.start(contract, sh(""), { retries: 1 } as never), invalid("options.retries"));
  await assert.rejects(host.stop({ force: true } as never), invalid("stop.force"));
  assert.throws(() => createHost({ logger: 1 } as never), invalid("options.logger"));
  assert.throws(() => createHost({ janitor: 1 } as never), invalid("options.janitor"));
  assert.throws(() => createHost({ defaults: { name: "x" } as never }), invalid("options.defaults.name"));
  assert.throws(() => createHost({ defaults: { startTimeoutMs: 0 } }), invalid("options.defaults.startTimeoutMs"));
});

test("a host's defaults hold for every start that does not set them", { skip }, async () => {
  const { code } = await fails(sh("sleep 60"), {}, { defaults: { startTimeoutMs: 50 } });
  assert.equal(code, "start-timeout");
});
