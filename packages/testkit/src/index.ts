export { delayWrites } from "./streams/delay.js";
export { createDuplexPair, type DuplexPairOptions } from "./streams/duplex-pair.js";
export type { StreamComplianceOptions, StreamEnds } from "./streams/compliance/rig.js";
export { streamCompliance } from "./streams/compliance/stream-compliance.js";
export { launcherCompliance } from "./launcher-compliance/launcher-compliance.js";
export type {
  LauncherCapability,
  LauncherComplianceOptions,
  LauncherRig,
  RigRequest,
  RigSession,
} from "./launcher-compliance/rig.js";
export {
  type CutOptions,
  type FaultProxy,
  type FaultProxyCounts,
  type FaultProxyOptions,
  openFaultProxy,
} from "./fault-proxy/fault-proxy.js";
export type { LinkConditions } from "./fault-proxy/proxy-link.js";
export { type FaultKind, type Faults, type FaultyStream, injectFaults } from "./streams/fault-injection.js";
export { type EventuallyOptions, eventually, withTimeout } from "./timing.js";
export { isProcessAlive, listDescendants, listProcesses, type ProcessFacts, readProcess } from "./leaks/processes.js";
export { collectGarbage, usedHeapBytes } from "./leaks/memory.js";
export { countActiveResources, listOpenFiles } from "./leaks/own-resources.js";
export { defaultTemporaryDirectories, listBoundSockets, listTemporaryEntries } from "./leaks/file-system.js";
export { describeLeaks, type ResourceSnapshot, type SnapshotOptions, snapshotResources } from "./leaks/snapshot.js";
export { assertNoLeaks, type AssertNoLeaksOptions } from "./leaks/assert-no-leaks.js";
export {
  clientPreface,
  frameBytes,
  frameErrorName,
  frameFlag,
  frameType,
  hpackInteger,
  literalBlock,
  uint32,
} from "./http2/frames.js";
export { type RawFrame, RawPeer } from "./http2/raw-peer.js";
