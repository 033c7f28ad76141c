import assert from "node:assert/strict";
import test from "node:test";
import { exportsOf } from "./exports-of.js";

// The public names of each entry of the engine, types with a mark, as literals. Adding one is a promise to keep it.

test("the exports of @tenon/wire", () => {
  assert.deepEqual(exportsOf("wire/src/index.ts"), [
    "callCompression",
    "connectSocket",
    "createCertificate",
    "createChannel",
    "createClient",
    "createFrameLink",
    "createServer",
    "dial",
    "interceptTransport",
    "joinStreams",
    "maybeExecutedKey",
    "openSocket",
    "pinnedTls",
    "streamFromMessages",
    "streamFromPort",
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
    "type FrameLink",
    "type FrameLinkOptions",
    "type IncomingMessages",
    "type MessageStream",
    "type MessageStreamOptions",
    "type PinnedTlsOptions",
    "type PortStreamOptions",
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
    "hostServicesId",
    "hostServicesKey",
    "type Broker",
    "type BrokerDialOptions",
    "type BrokerEnd",
    "type BrokerInit",
    "type BrokerServeOptions",
    "type BrokerTls",
    "type BrokeredServer",
    "type HostServicesSource",
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

test("the exports of @tenon/wire/client", () => {
  assert.deepEqual(exportsOf("wire/src/client/index.ts"), [
    "connectSocket",
    "createChannel",
    "createClient",
    "dial",
    "openSocket",
    "type Channel",
    "type ChannelOptions",
    "type CloseReason",
    "type DialOptions",
    "type DialState",
    "type DialStats",
    "type DialedChannel",
    "waitForReady",
  ]);
});

test("the exports of @tenon/wire/server", () => {
  assert.deepEqual(exportsOf("wire/src/server/index.ts"), [
    "createServer",
    "type AcceptOptions",
    "type Server",
    "type ServerOptions",
  ]);
});

test("the exports of @tenon/wire/port", () => {
  assert.deepEqual(exportsOf("wire/src/streams/port.ts"), ["streamFromPort", "type PortStreamOptions"]);
});

test("the exports of @tenon/wire/websocket", () => {
  assert.deepEqual(exportsOf("wire/src/streams/websocket.ts"), [
    "maxWebSocketMessageBytes",
    "streamFromWebSocket",
    "type WebSocketLike",
  ]);
});

test("the exports of @tenon/wire/port-ring", () => {
  assert.deepEqual(exportsOf("wire/src/streams/port-stream-ring.ts"), [
    "createByteRing",
    "openByteRing",
    "type ByteRing",
  ]);
});

test("the exports of @tenon/wire/join-streams", () => {
  assert.deepEqual(exportsOf("wire/src/streams/join-streams.ts"), ["joinStreams"]);
});

test("the exports of @tenon/wire/tls", () => {
  assert.deepEqual(exportsOf("wire/src/tls/index.ts"), [
    "createCertificate",
    "pinnedTls",
    "secureClient",
    "type Certificate",
    "type CertificateOptions",
    "type PinnedTlsOptions",
  ]);
});

test("the exports of @tenon/wire/json-rpc", () => {
  assert.deepEqual(exportsOf("wire/src/json-rpc/index.ts"), [
    "checkNames",
    "createJsonRpcChannel",
    "serveJsonRpc",
    "type JsonRpcChannel",
    "type JsonRpcChannelOptions",
    "type JsonRpcCounters",
    "type JsonRpcNames",
    "type JsonRpcOptions",
    "type JsonRpcServer",
    "type JsonRpcServerOptions",
    "type JsonRpcService",
    "type MessageForm",
  ]);
});

test("the exports of @tenon/wire/direct", () => {
  assert.deepEqual(exportsOf("wire/src/direct/index.ts"), [
    "createDirectChannel",
    "directService",
    "type DirectChannel",
    "type DirectOptions",
    "type DirectService",
  ]);
});

test("the exports of @tenon/wire/health", () => {
  assert.deepEqual(exportsOf("wire/src/services/health.ts"), [
    "createHealth",
    "type HealthService",
    "type HealthState",
  ]);
});

test("the exports of @tenon/wire/reflection", () => {
  assert.deepEqual(exportsOf("wire/src/services/reflection.ts"), ["addReflection"]);
});

test("the exports of @tenon/wire/reflection-client", () => {
  assert.deepEqual(exportsOf("wire/src/services/reflection-client.ts"), ["listServices", "type ListServicesOptions"]);
});

test("the exports of @tenon/wire/host-services", () => {
  assert.deepEqual(exportsOf("wire/src/host-services/index.ts"), [
    "callChain",
    "callDepth",
    "callInfo",
    "callMetadata",
    "callerKey",
    "callerMetadata",
    "createClient",
    "createOuterCall",
    "lazyTransport",
    "nestedTransport",
    "tooDeep",
    "type CallInfo",
    "type Caller",
    "type OuterCall",
    "type OuterCallOptions",
  ]);
});
