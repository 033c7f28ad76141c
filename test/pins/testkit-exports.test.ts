import assert from "node:assert/strict";
import test from "node:test";
import { exportsOf } from "./exports-of.js";

// The public names of each package, types with a mark, as literals. Adding one is a promise to keep it.

test("the exports of @tenon/testkit", () => {
  assert.deepEqual(exportsOf("testkit/src/index.ts"), [
    "RawPeer",
    "assertNoLeaks",
    "clientPreface",
    "collectGarbage",
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
    "launcherCompliance",
    "listBoundSockets",
    "listDescendants",
    "listOpenFiles",
    "listProcesses",
    "listTemporaryEntries",
    "literalBlock",
    "openFaultProxy",
    "readProcess",
    "snapshotResources",
    "streamCompliance",
    "type AssertNoLeaksOptions",
    "type CutOptions",
    "type DuplexPairOptions",
    "type EventuallyOptions",
    "type FaultKind",
    "type FaultProxy",
    "type FaultProxyCounts",
    "type FaultProxyOptions",
    "type Faults",
    "type FaultyStream",
    "type LauncherCapability",
    "type LauncherComplianceOptions",
    "type LauncherRig",
    "type LinkConditions",
    "type ProcessFacts",
    "type RawFrame",
    "type ResourceSnapshot",
    "type RigRequest",
    "type RigSession",
    "type SnapshotOptions",
    "type StreamComplianceOptions",
    "type StreamEnds",
    "uint32",
    "usedHeapBytes",
    "withTimeout",
  ]);
});

test("the exports of @tenon/testkit/specimen", () => {
  assert.deepEqual(exportsOf("testkit/src/specimen/index.ts"), [
    "Specimen",
    "SpecimenHost",
    "createSpecimen",
    "type Facts",
    "type Hops",
    "type LookRequest",
    "type Misdeed",
    "type Piece",
    "type SpecimenOptions",
    "type Task",
    "type Values",
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
