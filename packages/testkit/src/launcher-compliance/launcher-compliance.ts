import { randomUUID } from "node:crypto";
import { describe, test, type TestContext } from "node:test";
import { assertNoLeaks } from "../leaks/assert-no-leaks.js";
import { snapshotResources } from "../leaks/snapshot.js";
import { createSpecimenHost } from "../specimen/create-specimen-host.js";
import { withTimeout } from "../timing.js";
import { backPressure } from "./areas/back-pressure.js";
import { base } from "./areas/base.js";
import { cancel } from "./areas/cancel.js";
import { close } from "./areas/close.js";
import { crash } from "./areas/crash.js";
import { deadlines } from "./areas/deadlines.js";
import { errors } from "./areas/errors.js";
import { hostServices } from "./areas/host-services.js";
import { hostile } from "./areas/hostile.js";
import { streams } from "./areas/streams.js";
import { stress } from "./areas/stress.js";
import { values } from "./areas/values.js";
import type { LauncherArea, LauncherCase } from "./case.js";
import type { LauncherCapability, LauncherComplianceOptions, LauncherRig, RigRequest, RigSession } from "./rig.js";

const allAreas: readonly LauncherArea[] = [
  base,
  errors,
  streams,
  cancel,
  deadlines,
  backPressure,
  values,
  hostServices,
  close,
  crash,
  hostile,
  stress,
];

/**
 * Registers with `node:test` a suite that says whether a launcher does what every launcher does: calls of all kinds, errors,
 * cancellation, deadlines, back-pressure, values, host services, a gentle end, a crash, harmful handlers, many calls. Each case
 * has an instance of its own, which the rig's `open` starts, and fails when sockets, timers, descriptors or child processes are left
 * behind it. Cases that need what the rig says it lacks are skipped with the rig's reason.
 */
export function launcherCompliance(rig: LauncherRig, options: LauncherComplianceOptions = {}): void {
  const { long = process.env["EVERY_AREA"] === "1", timeoutMs = 60_000, areas } = options;
  for (const { name, cases } of allAreas) {
    if (areas !== undefined && !areas.includes(name)) continue;
    void describe(name, () => {
      for (const each of cases) {
        void test(each.what, { skip: reasonToSkip(each, rig) }, async (t) => {
          const before = snapshotResources({ temporaryDirectories: [] });
          await runCase(rig, each, t, { long, timeoutMs: timeoutMs * (each.patience ?? 1) });
          await assertNoLeaks(before, { graceMs: 5000 });
        });
      }
    });
  }
}

/** The rig's own words for what a case cannot do without. */
function reasonToSkip({ needs = [] }: LauncherCase, { lacks = {} }: LauncherRig): string | false {
  const missing = needs.filter((capability) => lacks[capability] !== undefined);
  return missing.map((capability) => `${capability}: ${lacks[capability]}`).join("; ") || false;
}

async function runCase(
  rig: LauncherRig,
  { request, run }: LauncherCase,
  t: TestContext,
  { long, timeoutMs }: { long: boolean; timeoutMs: number },
): Promise<void> {
  const host = createSpecimenHost();
  const sessions: RigSession[] = [];
  const open = async (wish: Partial<RigRequest> = {}): Promise<RigSession> => {
    const complete = { host: host.service, maxHeapMiB: undefined, maxBuffersMiB: undefined, ...wish };
    const session = await withTimeout(rig.open(complete), timeoutMs, "opening an instance");
    sessions.push(session);
    return session;
  };
  const runOn = async (session: RigSession): Promise<void> => {
    const { client } = session;
    host.connect(client);
    const say = (sentence: string) => t.diagnostic(sentence);
    const has = (capability: LauncherCapability) => rig.lacks?.[capability] === undefined;
    await run({ session, client, host, long, tag: randomUUID(), has, open, say });
  };
  const outcomes: PromiseSettledResult<unknown>[] = await Promise.allSettled([
    withTimeout(open(request).then(runOn), timeoutMs, "the case"),
  ]);
  for (const session of sessions.toReversed()) {
    const ended = session.stop().then(() => session.release?.());
    outcomes.push(...(await Promise.allSettled([withTimeout(ended, timeoutMs, "stopping an instance")])));
  }
  // What went wrong first is why the rest did.
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}
