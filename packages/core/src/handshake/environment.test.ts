import assert from "node:assert/strict";
import test from "node:test";
import * as fc from "fast-check";
import { TenonError } from "../errors.js";
import {
  formatEnvironment,
  type HandshakeEnvironment,
  handshakeVariables,
  parseEnvironment,
  withoutHandshakeVariables,
} from "./environment.js";

const base: HandshakeEnvironment = { minPort: 10000, maxPort: 25000, protocolVersions: [2, 3, 1] };
const pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const full: HandshakeEnvironment = {
  ...base,
  clientCertificate: pem,
  multiplex: true,
  socketGroup: "staff",
  socketDir: "/run/plugins",
  lifeline: "stdin",
  transport: "stdio",
};

test("writes ports and versions always [ENV-02, ENV-03]", () => {
  assert.deepEqual(formatEnvironment(base), {
    PLUGIN_MIN_PORT: "10000",
    PLUGIN_MAX_PORT: "25000",
    PLUGIN_PROTOCOL_VERSIONS: "2,3,1",
  });
});

test("writes every other variable only where it is asked for [ENV-04, ENV-05]", () => {
  assert.deepEqual(formatEnvironment(full), {
    PLUGIN_MIN_PORT: "10000",
    PLUGIN_MAX_PORT: "25000",
    PLUGIN_PROTOCOL_VERSIONS: "2,3,1",
    PLUGIN_CLIENT_CERT: pem,
    PLUGIN_MULTIPLEX_GRPC: "true",
    PLUGIN_UNIX_SOCKET_GROUP: "staff",
    PLUGIN_UNIX_SOCKET_DIR: "/run/plugins",
    TENON_LIFELINE: "stdin",
    TENON_TRANSPORT: "stdio",
  });
  assert.deepEqual(formatEnvironment({ ...base, multiplex: false }), formatEnvironment(base));
});

test("refuses to write what no plugin could read", () => {
  const wrong: Partial<HandshakeEnvironment>[] = [
    { minPort: -1 },
    { minPort: 1.5 },
    { maxPort: 65536 },
    { maxPort: Number.NaN },
    { minPort: 2, maxPort: 1 },
    { protocolVersions: [1.5] },
    { protocolVersions: [Number.NaN] },
    { clientCertificate: "" },
    { socketDir: "" },
    { socketGroup: "a\0b" },
  ];
  for (const part of wrong) {
    assert.throws(() => formatEnvironment({ ...base, ...part }), { code: "option-invalid" }, JSON.stringify(part));
  }
});

test("reads back what it wrote", () => {
  const text = fc.string({ unit: "binary", minLength: 1 }).filter((value) => !value.includes("\0"));
  const environments = fc
    .record(
      {
        ports: fc.tuple(fc.nat(65535), fc.nat(65535)),
        protocolVersions: fc.array(fc.nat(2 ** 31 - 1)),
        clientCertificate: text,
        multiplex: fc.constant(true),
        socketGroup: text,
        socketDir: text,
        lifeline: fc.constantFrom("stdin" as const, "none" as const),
        transport: fc.constantFrom("stdio" as const, "port" as const),
      },
      { requiredKeys: ["ports", "protocolVersions"] },
    )
    .map(({ ports, ...rest }) => ({ minPort: Math.min(...ports), maxPort: Math.max(...ports), ...rest }));
  fc.assert(
    fc.property(environments, fc.dictionary(fc.string(), fc.string()), (environment, others) => {
      const { environment: read, notes } = parseEnvironment({ ...others, ...formatEnvironment(environment) });
      assert.deepEqual(read, environment);
      assert.deepEqual(notes, []);
    }),
  );
});

test("takes missing and empty variables for absent [ENV-09]", () => {
  const absent = { environment: { minPort: 0, maxPort: 0, protocolVersions: [] }, notes: [] };
  assert.deepEqual(parseEnvironment({}), absent);
  assert.deepEqual(parseEnvironment({ PATH: "/bin", plugin_min_port: "x" }), absent);
  assert.deepEqual(parseEnvironment(Object.fromEntries(handshakeVariables.map(({ name }) => [name, ""]))), absent);
  assert.deepEqual(
    parseEnvironment(Object.fromEntries(handshakeVariables.map(({ name }) => [name, undefined]))),
    absent,
  );
});

test("refuses ports that are none [ENV-10]", () => {
  for (const text of ["x", " 1", "1 ", "-1", "+1", "1.5", "0x10", "65536", "99999999999", "1e3"]) {
    for (const name of ["PLUGIN_MIN_PORT", "PLUGIN_MAX_PORT"]) {
      assert.throws(
        () => parseEnvironment({ PLUGIN_MAX_PORT: "65535", [name]: text }),
        (error) => error instanceof TenonError && error.code === "environment-invalid" && error.message.includes(name),
        text,
      );
    }
  }
});

test("refuses a lowest port above the highest, one of them missing too [ENV-10]", () => {
  assert.throws(() => parseEnvironment({ PLUGIN_MIN_PORT: "2", PLUGIN_MAX_PORT: "1" }), {
    code: "environment-invalid",
  });
  assert.throws(() => parseEnvironment({ PLUGIN_MIN_PORT: "2" }), { code: "environment-invalid" });
  assert.equal(parseEnvironment({ PLUGIN_MAX_PORT: "2" }).environment.maxPort, 2);
});

test("passes over version tokens that are no integers, with a note for each [ENV-11]", () => {
  const { environment, notes } = parseEnvironment({ PLUGIN_PROTOCOL_VERSIONS: "abc,3, 2,,+1,4 " });
  assert.deepEqual(environment.protocolVersions, [3, 1]);
  assert.equal(notes.length, 4);
  assert.match(notes[0]!, /"abc"/);
  assert.match(notes[1]!, /" 2"/);
});

test("reads the multiplexing wish as a Go boolean [ENV-12]", () => {
  const read = (text: string) => parseEnvironment({ PLUGIN_MULTIPLEX_GRPC: text });
  for (const text of ["1", "t", "true", "TRUE"]) assert.equal(read(text).environment.multiplex, true);
  for (const text of ["0", "f", "false"])
    assert.deepEqual([read(text).environment.multiplex, read(text).notes], [false, []]);
  assert.equal(read("yes").environment.multiplex, false);
  assert.match(read("yes").notes[0]!, /"yes".*no Go boolean/);
});

test("passes over a lifeline that it does not know [ENV-14]", () => {
  const { environment, notes } = parseEnvironment({ TENON_LIFELINE: "fd3" });
  assert.equal("lifeline" in environment, false);
  assert.match(notes[0]!, /"fd3"/);
});

test("refuses a transport that it does not know: a socket is not what was asked for [STD-16]", () => {
  for (const text of ["stdio", "port"] as const) {
    assert.equal(parseEnvironment({ TENON_TRANSPORT: text }).environment.transport, text);
  }
  for (const text of ["STDIO", "pigeon", " stdio"]) {
    assert.throws(
      () => parseEnvironment({ TENON_TRANSPORT: text }),
      (error) => error instanceof TenonError && error.code === "environment-invalid" && error.message.includes(text),
    );
  }
});

test("throws nothing but a TenonError on any environment", () => {
  const name = fc.constantFrom(...handshakeVariables.map((variable) => variable.name));
  fc.assert(
    fc.property(fc.dictionary(name, fc.oneof(fc.string({ unit: "binary" }), fc.nat().map(String))), (variables) => {
      try {
        parseEnvironment(variables);
      } catch (error) {
        assert.ok(error instanceof TenonError, String(error));
      }
    }),
  );
});

test("scrubs every handshake variable and the cookie, and nothing else [ENV-06]", () => {
  const inherited: Record<string, string | undefined> = {
    ...formatEnvironment(full),
    PATH: "/bin",
    EMPTY: "",
    GONE: undefined,
    COOKIE: "x",
    PLUGIN_OTHER: "y",
  };
  assert.deepEqual(withoutHandshakeVariables(inherited, "COOKIE"), { PATH: "/bin", EMPTY: "", PLUGIN_OTHER: "y" });
  assert.deepEqual(withoutHandshakeVariables(inherited), { PATH: "/bin", EMPTY: "", COOKIE: "x", PLUGIN_OTHER: "y" });
  assert.equal(inherited["PLUGIN_MIN_PORT"], "10000");
});

test("has one row per variable and per key", () => {
  const names = new Set(handshakeVariables.map((variable) => variable.name));
  const keys = new Set(handshakeVariables.map((variable) => variable.key));
  assert.deepEqual([names.size, keys.size], [handshakeVariables.length, handshakeVariables.length]);
});
