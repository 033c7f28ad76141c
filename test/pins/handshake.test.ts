import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import {
  errorCodes,
  formatEnvironment,
  formatHandshakeLine,
  GRPCBroker,
  GRPCController,
  GRPCStdio,
  handshakeFields,
  handshakeVariables,
  Health,
  maxHandshakeLineBytes,
  StdioData_Channel,
} from "@tenon/core";

// What a peer or a script can see, as literals. A red test here does not forbid a change: it asks for one that is meant,
// with its line in CHANGELOG.md and in docs/protocol/go-plugin.md.

test("the bytes of the handshake line", () => {
  const line = {
    coreVersion: 1,
    appVersion: 3,
    network: "unix",
    address: "/tmp/plugin1/s",
    transport: "grpc",
  } as const;
  assert.equal(formatHandshakeLine(line), "1|3|unix|/tmp/plugin1/s|grpc|");
  assert.equal(
    formatHandshakeLine({
      ...line,
      network: "tcp",
      address: "127.0.0.1:10000",
      certificate: "A".repeat(52),
      multiplex: false,
    }),
    "1|3|tcp|127.0.0.1:10000|grpc|AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA|false",
  );
  assert.equal(
    formatHandshakeLine({ ...line, network: "stdio", address: "-", multiplex: true }),
    "1|3|stdio|-|grpc||true",
  );
  assert.equal(maxHandshakeLineBytes, 65536);
});

test("the names and values of the handshake's variables", () => {
  const environment = {
    minPort: 10000,
    maxPort: 25000,
    protocolVersions: [1, 2],
    clientCertificate: "PEM\n",
    multiplex: true,
    socketGroup: "staff",
    socketDir: "/run/x",
    lifeline: "stdin",
    transport: "stdio",
  } as const;
  assert.deepEqual(formatEnvironment(environment), {
    PLUGIN_MIN_PORT: "10000",
    PLUGIN_MAX_PORT: "25000",
    PLUGIN_PROTOCOL_VERSIONS: "1,2",
    PLUGIN_CLIENT_CERT: "PEM\n",
    PLUGIN_MULTIPLEX_GRPC: "true",
    PLUGIN_UNIX_SOCKET_GROUP: "staff",
    PLUGIN_UNIX_SOCKET_DIR: "/run/x",
    TENON_LIFELINE: "stdin",
    TENON_TRANSPORT: "stdio",
  });
});

test("the error codes", () => {
  assert.deepEqual(Object.keys(errorCodes).toSorted(), [
    "address-invalid",
    "bind-rejected",
    "broker-closed",
    "broker-refused",
    "broker-timeout",
    "certificate-encoding",
    "certificate-invalid",
    "checksum-mismatch",
    "checksum-missing",
    "config-invalid",
    "connect-failed",
    "contract-invalid",
    "cookie-misconfigured",
    "cookie-mismatch",
    "core-version-mismatch",
    "environment-invalid",
    "executable-format",
    "executable-not-found",
    "executable-not-runnable",
    "exited-before-handshake",
    "handshake-malformed",
    "handshake-too-long",
    "handshake-write-failed",
    "host-closed",
    "instance-busy",
    "instance-not-found",
    "json-rpc-malformed",
    "json-rpc-too-long",
    "launcher-failed",
    "listen-failed",
    "memory-exceeded",
    "multiplex-unsupported",
    "not-started-by-host",
    "option-invalid",
    "plugin-exited",
    "plugin-invalid",
    "reattach-malformed",
    "sandbox-unavailable",
    "service-unknown",
    "session-closed",
    "socket-path-too-long",
    "spawn-failed",
    "start-aborted",
    "start-timeout",
    "stdout-closed",
    "store-corrupt",
    "store-failed",
    "tls-failed",
    "tls-missing",
    "token-unreadable",
    "transport-mismatch",
    "transport-unsupported",
    "version-mismatch",
    "websocket-missing",
    "websocket-refused",
  ]);
});

const methods = [GRPCBroker, GRPCController, GRPCStdio, Health].flatMap((service) =>
  service.methods.map(({ name, methodKind, input, output }) => [
    `/${service.typeName}/${name}`,
    methodKind,
    input.typeName,
    output.typeName,
  ]),
);

test("the names of the services of every plugin [SVC-01]", () => {
  const lines = methods.map((method) => method.join(" "));
  assert.deepEqual(lines, [
    "/plugin.GRPCBroker/StartStream bidi_streaming plugin.ConnInfo plugin.ConnInfo",
    "/plugin.GRPCController/Shutdown unary plugin.Empty plugin.Empty",
    "/plugin.GRPCStdio/StreamStdio server_streaming google.protobuf.Empty plugin.StdioData",
    "/grpc.health.v1.Health/Check unary grpc.health.v1.HealthCheckRequest grpc.health.v1.HealthCheckResponse",
    "/grpc.health.v1.Health/List unary grpc.health.v1.HealthListRequest grpc.health.v1.HealthListResponse",
    "/grpc.health.v1.Health/Watch server_streaming grpc.health.v1.HealthCheckRequest grpc.health.v1.HealthCheckResponse",
  ]);
});

test("the fields of the messages of every plugin [SVC-01]", () => {
  const fields = [GRPCBroker.method.startStream.input, GRPCStdio.method.streamStdio.output].flatMap((message) =>
    [message, ...message.nestedMessages].flatMap((each) =>
      each.fields.map((field) => `${each.typeName} ${field.number} ${field.name}`),
    ),
  );
  assert.deepEqual(fields, [
    "plugin.ConnInfo 1 service_id",
    "plugin.ConnInfo 2 network",
    "plugin.ConnInfo 3 address",
    "plugin.ConnInfo 4 knock",
    "plugin.ConnInfo.Knock 1 knock",
    "plugin.ConnInfo.Knock 2 ack",
    "plugin.ConnInfo.Knock 3 error",
    "plugin.StdioData 1 channel",
    "plugin.StdioData 2 data",
  ]);
  assert.deepEqual([StdioData_Channel.INVALID, StdioData_Channel.STDOUT, StdioData_Channel.STDERR], [0, 1, 2]);
});

/** The rows of the table with these columns. */
function tableOf(page: string, ...columns: string[]): string[][] {
  const rows = page.split("\n").map((line) => (/^\|.*\|$/.test(line) ? line.slice(1, -1).split("|") : []));
  const cells = rows.map((row) => row.map((cell) => cell.trim().replaceAll("`", "")));
  const start = cells.findIndex((row) => row.join("|") === columns.join("|")) + 2;
  assert.ok(start >= 2, `there is no table with the columns ${columns.join(", ")}`);
  const end = cells.findIndex((row, index) => index >= start && row.length === 0);
  return cells.slice(start, end);
}

const readPage = (name: string): string =>
  readFileSync(new URL(`../../../docs/protocol/${name}`, import.meta.url), "utf8");

test("the protocol page has the code's fields, variables and services, and knows every code it names", () => {
  const page = readPage("go-plugin.md");
  assert.deepEqual(
    tableOf(page, "#", "field", "required", "since", "values"),
    handshakeFields.map(({ name, required, since, values }, index) => [
      String(index + 1),
      name,
      required ? "yes" : "no",
      since,
      values,
    ]),
  );
  assert.deepEqual(
    tableOf(page, "variable", "origin", "sent", "values"),
    handshakeVariables.map(({ name, origin, sent, values }) => [name, origin, sent, values]),
  );
  assert.deepEqual(tableOf(page, "method", "kind", "request", "answer"), methods);
  const failures = [...tableOf(page, "the first line", "outcome"), ...tableOf(page, "what happens", "code")].map(
    (row) => row[1],
  );
  assert.deepEqual(
    failures.filter((code) => code === undefined || !(code in errorCodes)),
    [],
  );
});

test("the broker's page has the fields of its message and their numbers", () => {
  const { input } = GRPCBroker.method.startStream;
  const expected = input.fields.flatMap(({ name, number, message }) =>
    message === undefined
      ? [[name, String(number)]]
      : message.fields.map((field) => [`${name}.${field.name}`, `${number}.${field.number}`]),
  );
  assert.deepEqual(
    tableOf(readPage("broker.md"), "field", "no.", "type", "meaning").map((row) => row.slice(0, 2)),
    expected,
  );
});
