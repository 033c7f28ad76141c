import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { inspect } from "node:util";
import { handshakeVariables } from "@tenon/core";
import { createHost, type ProcessLaunch, type StartOptions, startFactsOf } from "@tenon/host";
import { echo } from "../fixtures/contracts.js";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";

const sandbox = useSandbox();

/** The environment that a program gets, before any code of ours has run in it. */
async function given(
  launch: Omit<ProcessLaunch, "process"> = {},
  environment: Record<string, string | undefined> = process.env,
  options: StartOptions = {},
): Promise<Record<string, string>> {
  await using host = createHost({ environment });
  const shows = `process.stderr.write("ENV " + JSON.stringify(process.env) + "\\n")`;
  const error: unknown = await host
    .start(echo, { ...launch, process: [process.execPath, "-e", shows] }, options)
    .then(() => assert.fail("it started"))
    .catch((reason: unknown) => reason);
  const line = startFactsOf(error)?.stderrTail.find((each) => each.startsWith("ENV "));
  assert.ok(line !== undefined, inspect(error));
  return JSON.parse(line.slice(4)) as Record<string, string>;
}

/** Short, since a long line would not fit in the tail of stderr. */
const base = { PATH: process.env["PATH"], TMPDIR: sandbox.directory, TENON_SANDBOX: sandbox.directory };

test("the handshake's variables are set as a Go plugin expects them [ENV-01] [ENV-02] [ENV-03] [ENV-05] [ENV-18]", async () => {
  const env = await given({}, base, { autoMtls: false });
  assert.equal(env["ECHO_PLUGIN"], "tenon-test");
  assert.equal(env["PLUGIN_MIN_PORT"], "10000");
  assert.equal(env["PLUGIN_MAX_PORT"], "25000");
  assert.equal(env["PLUGIN_PROTOCOL_VERSIONS"], "1");
  for (const name of ["PLUGIN_CLIENT_CERT", "PLUGIN_MULTIPLEX_GRPC", "PLUGIN_UNIX_SOCKET_GROUP"]) {
    assert.equal(env[name], undefined, name);
  }
});

test("AutoMTLS sends the host's certificate as PEM with its line breaks [ENV-04]", async () => {
  const env = await given({}, base);
  assert.match(env["PLUGIN_CLIENT_CERT"]!, /^-----BEGIN CERTIFICATE-----\n[\s\S]+\n-----END CERTIFICATE-----\n$/);
});

test("a launch's own variables beat inherited ones, and can remove them [ENV-07]", async () => {
  const env = await given(
    { env: { COLOUR: "own", GONE: undefined } },
    { ...base, COLOUR: "inherited", GONE: "x", KEPT: "y" },
  );
  assert.deepEqual([env["COLOUR"], env["GONE"], env["KEPT"]], ["own", undefined, "y"]);
});

test("handshake variables beat a launch's own [ENV-07]", async () => {
  const env = await given({ env: { ECHO_PLUGIN: "mine", PLUGIN_MIN_PORT: "7" } }, base);
  assert.deepEqual([env["ECHO_PLUGIN"], env["PLUGIN_MIN_PORT"]], ["tenon-test", "10000"]);
});

test("what a host inherited from its own host stays with it [ENV-06]", async () => {
  const inherited = Object.fromEntries(handshakeVariables.map(({ name }) => [name, "7"]));
  const env = await given({}, { ...base, ...inherited }, { autoMtls: false });
  for (const name of ["PLUGIN_CLIENT_CERT", "PLUGIN_MULTIPLEX_GRPC", "PLUGIN_UNIX_SOCKET_GROUP"]) {
    assert.equal(env[name], undefined, name);
  }
  assert.notEqual(env["PLUGIN_UNIX_SOCKET_DIR"], "7");
  assert.equal(env["PLUGIN_PROTOCOL_VERSIONS"], "1");
  assert.notEqual(env["TENON_LIFELINE"], "7");
});

test("a plugin's code no longer sees cookie and handshake [ENV-13]", async () => {
  await using host = createHost();
  const session = await host.start(echo, { process: fixture("echo-plugin"), env: { COLOUR: "blue" } });
  const { environment } = await session.client("chaos").describe({});
  assert.equal(environment["COLOUR"], "blue");
  assert.equal(environment["ECHO_PLUGIN"], undefined);
  for (const { name } of handshakeVariables) assert.equal(environment[name], undefined, name);
});

test("arguments and working directory reach the plugin as given", async () => {
  await using host = createHost();
  const args = ["plain", "with blank", "", "$HOME", "*", '"quoted"', "ünïcode"];
  const session = await host.start(echo, { process: fixture("echo-plugin", ...args), cwd: sandbox.directory });
  const { arguments: seen, directory } = await session.client("chaos").describe({});
  assert.deepEqual(seen, args);
  assert.equal(directory, sandbox.directory);
});

test("a temporary directory that is too long for a socket is passed over [PLUG-08]", async () => {
  await using host = createHost();
  const launch = { process: fixture("echo-plugin"), env: { TMPDIR: `/tmp/${"long".repeat(30)}` } };
  const session = await host.start(echo, launch);
  await session.client("echo").unary({});
});

test("run by hand, a plugin explains itself and ends with exit code 1 [PLUG-01]", async () => {
  const [file, ...args] = fixture("echo-plugin");
  const { ECHO_PLUGIN: _, ...environment } = process.env;
  for (const env of [environment, { ...environment, ECHO_PLUGIN: "something else" }]) {
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"], env });
    const closed = once(child, "close");
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    assert.equal((await closed)[0], 1);
    assert.equal(stdout, "");
    assert.match(stderr, /plugin/);
  }
});

test("nothing of all that is left behind [LIFE-11]", () => sandbox.assertClean());
