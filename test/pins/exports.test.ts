import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

// The public names of each package, types with a mark, as literals. Adding one is a promise to keep it.

/** Names that an entry file exports; the house allows nothing but lists of names there. */
function exportsOf(entry: string): string[] {
  const source = readFileSync(new URL(`../../../packages/${entry}`, import.meta.url), "utf8");
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\/\/.*/g, "");
  const lists = code.matchAll(/export (type )?\{([^}]*)\}/g);
  assert.doesNotMatch(code, /export (?!type \{|\{)/, `${entry} exports something other than a list of names`);
  return [...lists]
    .flatMap(([, type, names]) =>
      names!
        .split(",")
        .map((name) => name.trim())
        .filter((name) => name !== "")
        .map((name) => {
          const marked = type !== undefined || name.startsWith("type ");
          const shown = name.replace(/^type /, "").replace(/^.* as /, "");
          return marked ? `type ${shown}` : shown;
        }),
    )
    .sort((a, b) => (a < b ? -1 : 1));
}

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
    "type HandshakeVariable",
    "type HealthCheckRequest",
    "type HealthCheckResponse",
    "type HealthListRequest",
    "type HealthListResponse",
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

test("the exports of @tenon/wire", () => {
  assert.deepEqual(exportsOf("wire/src/index.ts"), [
    "callCompression",
    "connectSocket",
    "createCertificate",
    "createChannel",
    "createClient",
    "createServer",
    "dial",
    "joinStreams",
    "maybeExecutedKey",
    "pinnedTls",
    "streamFromMessages",
    "type AcceptOptions",
    "type CallCompression",
    "type CallEvent",
    "type Certificate",
    "type CertificateOptions",
    "type Channel",
    "type ChannelOptions",
    "type CloseReason",
    "type Compression",
    "type ConnectionEvent",
    "type DialOptions",
    "type DialState",
    "type DialStats",
    "type DialedChannel",
    "type IncomingMessages",
    "type MessageStream",
    "type MessageStreamOptions",
    "type PinnedTlsOptions",
    "type ResetEvent",
    "type Server",
    "type ServerOptions",
    "type StallEvent",
    "type WireCounters",
    "waitForReady",
  ]);
});

test("the exports of @tenon/wire/yamux", () => {
  assert.deepEqual(exportsOf("wire/src/yamux/index.ts"), [
    "YamuxError",
    "createYamuxSession",
    "type YamuxCloseReason",
    "type YamuxErrorCode",
    "type YamuxOptions",
    "type YamuxSession",
    "type YamuxStream",
    "type YamuxViolation",
  ]);
});

test("the exports of @tenon/wire/broker", () => {
  assert.deepEqual(exportsOf("wire/src/broker/index.ts"), [
    "brokerKey",
    "createBrokerEnd",
    "type Broker",
    "type BrokerDialOptions",
    "type BrokerEnd",
    "type BrokerInit",
    "type BrokerServeOptions",
    "type BrokerTls",
    "type BrokeredServer",
    "type Outbox",
    "type Paths",
  ]);
});

test("the exports of @tenon/wire/broker-sockets", () => {
  assert.deepEqual(exportsOf("wire/src/broker/by-sockets.ts"), [
    "SocketPaths",
    "type BrokerListenOptions",
    "type SocketPathsInit",
  ]);
});

test("the exports of @tenon/wire/broker-mux", () => {
  assert.deepEqual(exportsOf("wire/src/broker/multiplexed.ts"), [
    "MuxPaths",
    "createMux",
    "createTlsAcceptor",
    "secureClient",
    "type Mux",
    "type MuxPathsInit",
  ]);
});

test("the exports of @tenon/wire/listen", () => {
  assert.deepEqual(exportsOf("wire/src/listen/index.ts"), [
    "findGroupId",
    "openListener",
    "type ListenOptions",
    "type Listener",
    "type TlsServerOptions",
  ]);
});

test("the exports of @tenon/plugin", () => {
  assert.deepEqual(exportsOf("plugin/src/index.ts"), [
    "brokerKey",
    "createLogger",
    "implement",
    "runPlugin",
    "servePlugin",
    "type Broker",
    "type BrokerDialOptions",
    "type BrokerServeOptions",
    "type BrokeredServer",
    "type Implementation",
    "type LogFields",
    "type LogLevel",
    "type Logger",
    "type LoggerOptions",
    "type Plugin",
    "type PluginCloseReason",
    "type PluginService",
    "type RunOptions",
    "type ServeOptions",
    "type ServeTlsSettings",
    "type ServicesImplementation",
    "type ServingPlugin",
    "type TestModeOptions",
    "type VersionsImplementation",
  ]);
});

test("the exports of @tenon/host", () => {
  assert.deepEqual(exportsOf("host/src/index.ts"), [
    "attachFromEnvironment",
    "brokerKey",
    "bubblewrapLauncher",
    "createHost",
    "discover",
    "logLevels",
    "maybeExecuted",
    "processLauncher",
    "startFactsOf",
    "type AttachLaunch",
    "type Broker",
    "type BrokerDialOptions",
    "type BrokerServeOptions",
    "type BrokeredServer",
    "type BubblewrapOptions",
    "type ByteSink",
    "type ChannelSettings",
    "type ExitFacts",
    "type FileChecksum",
    "type Host",
    "type HostOptions",
    "type LaunchRequest",
    "type LaunchedInstance",
    "type Launcher",
    "type LauncherCapabilities",
    "type LogCounts",
    "type LogLevel",
    "type LogPart",
    "type LogRecord",
    "type LogSource",
    "type NetworkAddress",
    "type PingOptions",
    "type ProcessLaunch",
    "type Session",
    "type StartFacts",
    "type StartOptions",
    "type StopHow",
    "type StopOptions",
    "type StopOutcome",
    "type StopStep",
    "type TlsSettings",
  ]);
});

test("the exports of @tenon/testkit", () => {
  assert.deepEqual(exportsOf("testkit/src/index.ts"), [
    "RawPeer",
    "assertNoLeaks",
    "clientPreface",
    "countActiveResources",
    "createDuplexPair",
    "defaultTemporaryDirectories",
    "delayWrites",
    "describeLeaks",
    "eventually",
    "frameBytes",
    "frameErrorName",
    "frameFlag",
    "frameType",
    "hpackInteger",
    "injectFaults",
    "isProcessAlive",
    "listBoundSockets",
    "listDescendants",
    "listOpenFiles",
    "listProcesses",
    "listTemporaryEntries",
    "literalBlock",
    "readProcess",
    "snapshotResources",
    "streamCompliance",
    "type AssertNoLeaksOptions",
    "type DuplexPairOptions",
    "type EventuallyOptions",
    "type FaultKind",
    "type Faults",
    "type FaultyStream",
    "type ProcessFacts",
    "type RawFrame",
    "type ResourceSnapshot",
    "type SnapshotOptions",
    "type StreamComplianceOptions",
    "type StreamEnds",
    "uint32",
    "withTimeout",
  ]);
});

test("the exports of @tenon/testkit/conformance", () => {
  assert.deepEqual(exportsOf("testkit/src/conformance/index.ts"), [
    "checkHost",
    "checkPlugin",
    "formatCheckTable",
    "formatReport",
    "formatSummary",
    "hostChecks",
    "pluginChecks",
    "type CheckFacts",
    "type CheckHostOptions",
    "type CheckPluginOptions",
    "type CheckResult",
    "type ConformanceReport",
    "type Level",
    "type Outcome",
  ]);
});

test("the exports of @tenon/testkit/raw-grpc", () => {
  assert.deepEqual(exportsOf("testkit/src/raw-grpc/index.ts"), [
    "createRawGrpcServer",
    "type RawCall",
    "type RawGrpcServer",
  ]);
});
