import assert from "node:assert/strict";
import { test } from "node:test";
import { buildEnvironment, type EnvironmentParts } from "./environment.js";

function build(overrides: Partial<EnvironmentParts> = {}): Record<string, string> {
  return buildEnvironment({
    launch: { env: {}, inheritEnv: true },
    host: { PATH: "/bin", COLOUR: "inherited", GONE: "x" },
    cookie: { key: "KV_PLUGIN", value: "hello" },
    handshake: { minPort: 10_000, maxPort: 25_000, protocolVersions: [1, 2] },
    platform: "linux",
    ...overrides,
  });
}

const handshake = {
  KV_PLUGIN: "hello",
  PLUGIN_MIN_PORT: "10000",
  PLUGIN_MAX_PORT: "25000",
  PLUGIN_PROTOCOL_VERSIONS: "1,2",
};

test("cookie, ports and versions are always there, the rest on request only [ENV-01] [ENV-02] [ENV-03] [ENV-05]", () => {
  assert.deepEqual(build({ host: {} }), handshake);
});

test("a launch's own variables beat inherited ones, handshake variables beat both [ENV-07]", () => {
  const env = { COLOUR: "own", GONE: undefined, PLUGIN_MIN_PORT: "7", PLUGIN_CLIENT_CERT: "x", KV_PLUGIN: "mine" };
  assert.deepEqual(build({ launch: { env, inheritEnv: true } }), { ...handshake, PATH: "/bin", COLOUR: "own" });
});

test("what the host got from a host of its own stays with it [ENV-06] [ENV-08]", () => {
  const host = { PLUGIN_CLIENT_CERT: "x", PLUGIN_MULTIPLEX_GRPC: "true", TENON_LIFELINE: "stdin", KV_PLUGIN: "other" };
  assert.deepEqual(build({ host }), handshake);
});

test("nothing, or only what is named, is inherited where the launch says so [ENV-07]", () => {
  assert.deepEqual(build({ launch: { env: { A: "1" }, inheritEnv: false } }), { ...handshake, A: "1" });
  assert.deepEqual(build({ launch: { env: {}, inheritEnv: ["PATH", "ABSENT"] } }), { ...handshake, PATH: "/bin" });
});

test("what attaches an inspector is not inherited, the plugin's own wish for one holds [ENV-06]", () => {
  const host = {
    NODE_OPTIONS: "--inspect-brk=0.0.0.0:9229 --max-old-space-size=100 --inspect --debug-port=1",
    VSCODE_INSPECTOR_OPTIONS: "{}",
  };
  assert.deepEqual(build({ host }), { ...handshake, NODE_OPTIONS: "--max-old-space-size=100" });
  assert.deepEqual(build({ host: { NODE_OPTIONS: "--inspect" } }), handshake);
  const env = { NODE_OPTIONS: "--inspect" };
  assert.equal(build({ host, launch: { env, inheritEnv: true } })["NODE_OPTIONS"], "--inspect");
});

test("on Windows names differ by more than case, and SystemRoot is always there [ENV-07] [ENV-19]", () => {
  const host = { Path: "C:\\", SystemRoot: "C:\\Windows", OTHER: "x" };
  const built = build({ host, platform: "win32", launch: { env: { PATH: "D:\\" }, inheritEnv: ["path"] } });
  assert.deepEqual(built, { ...handshake, PATH: "D:\\", SystemRoot: "C:\\Windows" });
});
