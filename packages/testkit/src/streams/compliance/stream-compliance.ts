import { describe, test } from "node:test";
import { assertNoLeaks } from "../../leaks/assert-no-leaks.js";
import { snapshotResources } from "../../leaks/snapshot.js";
import { type StreamComplianceOptions, type StreamEnds, withRig } from "./rig.js";
import { callCases, connectionCases, endCases } from "./cases.js";

/**
 * Registers with `node:test` a suite that says whether gRPC runs over a kind of byte stream: unary calls, all streams, large
 * messages, back-pressure, cancellation, deadlines, errors, PING, a gentle end from either side, the loss of either end,
 * many calls at once. Each case has a stream of its own, which `open` makes, and fails when sockets, timers, descriptors or
 * child processes are left behind it.
 */
export function streamCompliance(
  name: string,
  open: () => Promise<StreamEnds>,
  options: StreamComplianceOptions = {},
): void {
  const complete = { largeBytes: 1_048_576, concurrentCalls: 200, timeoutMs: 20_000, ...options };
  void describe(name, () => {
    for (const { what, run } of [...callCases, ...endCases, ...connectionCases]) {
      void test(what, async () => {
        const before = snapshotResources({ temporaryDirectories: [] });
        await withRig(open, complete, run);
        await assertNoLeaks(before, { graceMs: 5000 });
      });
    }
  });
}
