import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createHost } from "@tenon/host";
import { eventually } from "@tenon/testkit";
import { relay } from "../fixtures/host-services.js";
import { useSandbox } from "../support/sandbox.js";
import { createRig } from "./hub.js";
import { type Way, ways } from "./ways.js";

const sandbox = useSandbox();
const way = ways.find(({ name }) => name === "by sockets, plaintext") as Way;

test("a chain through two hosts and two plugins of one process is one chain [HSV-06] [CTX-04] [CTX-05]", async (t) => {
  const [left, right] = [createRig("left"), createRig("right")];
  t.after(() => Promise.all([left.host.stop(), right.host.stop()]));
  const start = (rig: typeof left, name: string) =>
    rig.host.start(relay, way.launch, {
      ...way.options,
      name,
      maxCallDepth: 11,
      hostServices: { hub: rig.hub, vault: rig.vault },
    });
  const [one, two] = await Promise.all([start(left, "one"), start(right, "two")]);
  // Each hub calls the other host's plugin.
  left.session = two;
  right.session = one;
  const { seen } = await one.client("worker").step({ steps: 10 }, { headers: { "tenon-call-id": "chain" } });
  assert.deepEqual(
    seen.map(({ id, depth }) => [id, depth]),
    Array.from({ length: 11 }, (_, index) => ["chain", index + 1]),
  );
  assert.deepEqual(
    seen.slice(0, 5).map(({ caller }) => caller),
    ["left", "one", "right", "two", "left"],
  );
  await assert.rejects(one.client("worker").step({ steps: 11 }), /depth 12, and 11 is the most/);
  await Promise.all([one.stop(), two.stop()]);
  await sandbox.assertClean();
});

test("a call that a host's handler has not waited for goes on after its answer [CTX-02]", async (t) => {
  const rig = createRig();
  t.after(() => rig.host.stop());
  const { hub, vault } = rig;
  let left: Promise<unknown> | undefined;
  const leaving = {
    ...vault,
    open() {
      // In the middle of its way when this handler answers.
      left ??= rig.session!.client("worker").use({ text: "twice" });
      return { text: "answered" };
    },
  };
  rig.session = await rig.host.start(relay, way.launch, { ...way.options, hostServices: { hub, vault: leaving } });
  await rig.session.client("worker").use({ text: "open" });
  await eventually(() => left !== undefined);
  assert.deepEqual(await left, { $typeName: "tenon.test.v1.UseResponse", text: "answered" });
});

test("grants may be a host's for all starts, and those of a start take their place [HSV-08]", async (t) => {
  const { hub, vault } = createRig();
  const host = createHost({ defaults: { hostServices: { hub, vault, more: {} } } });
  t.after(() => host.stop());
  const all = await host.start(relay, way.launch, way.options);
  assert.match((await all.client("worker").use({ text: "open" })).text, /open/);
  const some = await host.start(relay, way.launch, { ...way.options, hostServices: { hub, vault: undefined } });
  await assert.rejects(some.client("worker").use({ text: "open" }), /does not grant the service "vault"/);
});

test("a plugin that first calls its host long after its start reaches it [HSV-02]", async (t) => {
  const rig = createRig();
  t.after(() => rig.host.stop());
  const { hub, vault } = rig;
  const session = await rig.host.start(relay, way.launch, { ...way.options, hostServices: { hub, vault } });
  // Longer than what is announced is kept otherwise.
  await sleep(5200);
  assert.match((await session.client("worker").use({ text: "open" })).text, /open/);
});

test("grants have the types of the contract's services", () => {
  const { host, hub, vault } = createRig();
  const start = (hostServices: NonNullable<Parameters<typeof host.start<typeof relay.versions, Grants>>[2]>) =>
    host.start<typeof relay.versions, Grants>(relay, way.launch, hostServices);
  type Grants = NonNullable<typeof relay.hostServices>;
  const never = () => {
    void start({ hostServices: { hub, vault: ({ instance }) => ({ ...vault, open: () => ({ text: instance }) }) } });
    // @ts-expect-error The contract declares nothing of this name.
    void start({ hostServices: { other: hub } });
    // @ts-expect-error A method is missing.
    void start({ hostServices: { vault: { open: () => ({}) } } });
    // @ts-expect-error This is the other service.
    void host.start(relay, way.launch, { hostServices: { hub: vault } });
  };
  assert.equal(typeof never, "function");
});
