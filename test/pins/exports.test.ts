import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import { exportsOf } from "./exports-of.js";

// The public names of each package, types with a mark, as literals. Adding one is a promise to keep it.

test("the exports of @tenon/core", () => {
  assert.deepEqual(exportsOf("core/src/index.ts"), [
    "ConnInfoSchema",
    "ConnInfo_KnockSchema",
    "EmptySchema",
    "GRPCBroker",
    "GRPCController",
    "GRPCStdio",
    "Health",
    "HealthCheckRequestSchema",
    "HealthCheckResponseSchema",
    "HealthCheckResponse_ServingStatus",
    "HealthListRequestSchema",
    "HealthListResponseSchema",
    "StdioDataSchema",
    "StdioData_Channel",
    "TenonError",
    "acceptVersion",
    "checkReattach",
    "chooseVersion",
    "defineContract",
    "errorCodes",
    "formatEnvironment",
    "formatHandshakeLine",
    "formatReattach",
    "handshakeFields",
    "handshakeVariables",
    "isTenonError",
    "maxHandshakeLineBytes",
    "parseEnvironment",
    "parseGoBool",
    "parseHandshakeLine",
    "parseReattach",
    "splitTcpAddress",
    "stdioAddress",
    "type ConnInfo",
    "type ConnInfo_Knock",
    "type Contract",
    "type ContractServices",
    "type ContractVersions",
    "type Cookie",
    "type Empty",
    "type ErrorCode",
    "type HandshakeEnvironment",
    "type HandshakeField",
    "type HandshakeLine",
    "type HandshakeNetwork",
    "type HandshakeVariable",
    "type HealthCheckRequest",
    "type HealthCheckResponse",
    "type HealthListRequest",
    "type HealthListResponse",
    "type NoServices",
    "type ParsedEnvironment",
    "type ReattachDescriptor",
    "type ReattachMap",
    "type ServiceAt",
    "type ServiceNames",
    "type StdioData",
    "type TenonErrorOptions",
    "withoutHandshakeVariables",
  ]);
});

test("the exports of @tenon/core/bind", () => {
  assert.deepEqual(exportsOf("core/src/bind/index.ts"), [
    "BeatSchema",
    "Bind",
    "DescribeSchema",
    "DescriptionSchema",
    "DrainSchema",
    "DrainedSchema",
    "GoodbyeSchema",
    "HelloSchema",
    "HostFrameSchema",
    "Level",
    "LogEntrySchema",
    "LogLevelSchema",
    "LogsSchema",
    "LogsTakenSchema",
    "PluginFrameSchema",
    "RejectSchema",
    "ServedServiceSchema",
    "ServedVersionSchema",
    "WelcomeSchema",
    "describeService",
    "parseBindSocketAddress",
    "rejectCodes",
    "type Beat",
    "type BindSocketAddress",
    "type Describe",
    "type Description",
    "type Drain",
    "type Drained",
    "type Goodbye",
    "type Hello",
    "type HostFrame",
    "type LogEntry",
    "type LogLevel",
    "type Logs",
    "type LogsTaken",
    "type PluginFrame",
    "type Reject",
    "type RejectCode",
    "type ServedService",
    "type ServedVersion",
    "type Welcome",
  ]);
});

test("the exports of @tenon/core/host-services", () => {
  assert.deepEqual(exportsOf("core/src/host-services/index.ts"), [
    "Config",
    "ConfigGetRequestSchema",
    "ConfigSnapshotSchema",
    "ConfigWatchRequestSchema",
    "Log",
    "LogEntrySchema",
    "LogEntry_Level",
    "LogWriteRequestSchema",
    "LogWriteResponseSchema",
    "Store",
    "StoreConflictSchema",
    "StoreDeleteRequestSchema",
    "StoreDeleteResponseSchema",
    "StoreEntrySchema",
    "StoreGetRequestSchema",
    "StoreGetResponseSchema",
    "StoreListRequestSchema",
    "StoreListResponseSchema",
    "StorePutRequestSchema",
    "StorePutResponseSchema",
    "type ConfigGetRequest",
    "type ConfigSnapshot",
    "type ConfigWatchRequest",
    "type LogEntry",
    "type LogWriteRequest",
    "type LogWriteResponse",
    "type StoreConflict",
    "type StoreDeleteRequest",
    "type StoreDeleteResponse",
    "type StoreEntry",
    "type StoreGetRequest",
    "type StoreGetResponse",
    "type StoreListRequest",
    "type StoreListResponse",
    "type StorePutRequest",
    "type StorePutResponse",
  ]);
});

test("the exports of @tenon/plugin", () => {
  assert.deepEqual(exportsOf("plugin/src/index.ts"), [
    "brokerKey",
    "callInfo",
    "createLogger",
    "hostServices",
    "implement",
    "runPlugin",
    "servePlugin",
    "serveStream",
    "type Broker",
    "type BrokerDialOptions",
    "type BrokerServeOptions",
    "type BrokeredServer",
    "type CallInfo",
    "type HostServiceClients",
    "type HostServicesOptions",
    "type Implementation",
    "type LogFields",
    "type LogLevel",
    "type Logger",
    "type LoggerOptions",
    "type LoggerPart",
    "type Plugin",
    "type PluginCloseReason",
    "type PluginService",
    "type RunOptions",
    "type ServeOptions",
    "type ServeStreamOptions",
    "type ServeTlsSettings",
    "type ServicesImplementation",
    "type ServingPlugin",
    "type TestModeOptions",
    "type VersionsImplementation",
  ]);
});

test("the exports of @tenon/plugin/pie", () => {
  assert.deepEqual(exportsOf("plugin/src/pie/index.ts"), [
    "dialPieHost",
    "runPieConsumer",
    "runPieProvider",
    "servePieProvider",
    "type PieHost",
    "type PieHostOptions",
    "type PieProcessOptions",
    "type PieProviderOptions",
    "type RunPieConsumerOptions",
    "type RunPieProviderOptions",
  ]);
});

test("the exports of @tenon/plugin/bind", () => {
  assert.deepEqual(exportsOf("plugin/src/bind/index.ts"), [
    "bindPlugin",
    "runBind",
    "type BindCloseReason",
    "type BindEvent",
    "type BindLogCounts",
    "type BindOptions",
    "type BindState",
    "type BindTlsSettings",
    "type BindWebSocketSettings",
    "type BoundLink",
    "type BoundPluginHandle",
    "type DialInOptions",
    "type RunBindOptions",
  ]);
});

test("every entry of every package has its pin", () => {
  const packages = new URL("../../../packages/", import.meta.url);
  const entries = readdirSync(packages).flatMap((name) => {
    const { exports } = JSON.parse(readFileSync(new URL(`${name}/package.json`, packages), "utf8")) as {
      exports: object;
    };
    return Object.keys(exports).map((entry) => `@tenon/${name}${entry.slice(1)}`);
  });
  const pins = new URL("../../pins/", import.meta.url);
  const pinned = readdirSync(pins).flatMap((file) =>
    [...readFileSync(new URL(file, pins), "utf8").matchAll(/test\("the exports of (\S+)"/g)].map(([, entry]) => entry!),
  );
  // It is imported for what it does.
  const nameless = "@tenon/plugin/guard";
  assert.deepEqual(entries.filter((entry) => entry !== nameless).toSorted(), pinned.toSorted());
});
