import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { Code, type ConnectError } from "@connectrpc/connect";
import { isTenonError } from "@tenon/core";
import type { StartOptions } from "@tenon/host";
import { eventually, withTimeout } from "@tenon/testkit";
import { relay, relayWithout } from "../fixtures/host-services.js";
import { useSandbox } from "../support/sandbox.js";
import { createRig, type Rig } from "./hub.js";
import { type Way, ways } from "./ways.js";

const sandbox = useSandbox();

async function start(t: TestContext, way: Way, options: StartOptions = {}): Promise<Rig> {
  const rig = createRig();
  t.after(() => rig.host.stop());
  const { hub, vault } = rig;
  rig.session = await rig.host.start(relay, way.launch, { hostServices: { hub, vault }, ...way.options, ...options });
  return rig;
}

const use = async (rig: Rig, text: string) => (await rig.session!.client("worker").use({ text })).text;

for (const way of ways) {
  describe(`host services, ${way.name}`, () => {
    test("every kind of method reaches the host while a call of the host is in flight [HSV-01] [HSV-06]", async (t) => {
      const rig = await start(t, way);
      assert.equal(JSON.parse(await use(rig, "hello")).text, "hello");
      assert.equal(await use(rig, "join"), "a+b+c");
      assert.equal(await use(rig, "talk"), "A,B");
      await rig.session!.stop();
      await sandbox.assertClean();
    });

    test("errors come as the host threw them", async (t) => {
      const rig = await start(t, way);
      await assert.rejects(use(rig, "fail"), (error: ConnectError) => {
        assert.deepEqual([error.code, error.rawMessage], [Code.NotFound, "the vault is empty"]);
        return true;
      });
    });

    test("host and plugin call each other to depth 100, also many at once [HSV-06]", async (t) => {
      const rig = await start(t, way);
      const { step } = rig.session!.client("worker");
      const { seen } = await withTimeout(step({ steps: 99 }), 20_000);
      assert.deepEqual(
        seen.map(({ depth }) => depth),
        Array.from({ length: 100 }, (_, index) => index + 1),
      );
      assert.equal(new Set(seen.map(({ id }) => id)).size, 1);
      const many = await withTimeout(Promise.all(Array.from({ length: 30 }, () => step({ steps: 40 }))), 20_000);
      assert.equal(new Set(many.map((each) => each.seen[40]!.id)).size, 30);
    });

    test("streams do the same [HSV-06]", async (t) => {
      const rig = await start(t, way);
      const depths: number[] = [];
      for await (const { seen } of rig.session!.client("worker").steps({ steps: 29 })) depths.push(seen[0]!.depth);
      assert.deepEqual(
        depths,
        Array.from({ length: 30 }, (_, index) => index + 1),
      );
    });

    test("calls beyond the depth fail, and the error names the chain [HSV-07]", async (t) => {
      const rig = await start(t, way, { maxCallDepth: 9 });
      const { step } = rig.session!.client("worker");
      assert.equal((await step({ steps: 8 })).seen.length, 9);
      for (const steps of [9, 10, 1000]) {
        await assert.rejects(step({ steps }), (error: ConnectError) => {
          assert.equal(error.code, Code.ResourceExhausted);
          assert.match(error.rawMessage, /depth 10, and 9 is the most \(maxCallDepth\)/);
          assert.match(error.rawMessage, /shop tenon\.test\.v1\.Hub\/Step > relay tenon\.test\.v1\.Worker\/Step/);
          return true;
        });
      }
    });

    test("what is not granted is refused with the name of the grant [HSV-03]", async (t) => {
      const { hub } = createRig();
      const rig = await start(t, way, { hostServices: { hub } });
      for (const text of ["open", "watch"]) {
        await assert.rejects(use(rig, text), (error: ConnectError) => {
          assert.equal(error.code, Code.PermissionDenied);
          assert.equal(error.metadata.get("tenon-grant"), "vault");
          assert.match(
            error.rawMessage,
            /does not grant the service "vault" \(tenon\.test\.v1\.Vault\) to the plugin "relay"/,
          );
          return true;
        });
      }
      assert.equal(await use(rig, "join"), "a+b+c");
    });

    test("what the host's contract does not declare is refused, though the host has it [HSV-04]", async (t) => {
      const { hub, vault } = createRig();
      const granted = { hub, vault, stray: { unary: () => ({}) } };
      const rig = await start(t, way, { hostServices: granted });
      await assert.rejects(use(rig, "stray"), (error: ConnectError) => {
        assert.equal(error.code, Code.PermissionDenied);
        assert.equal(error.metadata.get("tenon-grant"), "tenon.test.v1.Echo");
        assert.match(error.rawMessage, /may not call tenon\.test\.v1\.Echo: the host's contract "relay"/);
        return true;
      });
    });

    test("a function makes the implementation for each instance [HSV-08]", async (t) => {
      const rig = createRig();
      t.after(() => rig.host.stop());
      const made: unknown[] = [];
      const options = {
        ...way.options,
        hostServices: {
          hub: rig.hub,
          vault: (plugin: { name: string; instance: string }) => {
            made.push(plugin);
            return { ...rig.vault, open: () => ({ text: `for ${plugin.instance}` }) };
          },
        },
      };
      const one = await rig.host.start(relay, way.launch, { ...options, name: "one" });
      const two = await rig.host.start(relay, way.launch, { ...options, name: "two" });
      for (const session of [one, two]) {
        assert.equal((await session.client("worker").use({ text: "open" })).text, `for ${session.id}`);
      }
      assert.deepEqual(made, [
        { name: "one", instance: one.id },
        { name: "two", instance: two.id },
      ]);
    });

    test("a call within has what is left of the outer call's time, or less [CTX-01]", async (t) => {
      const rig = await start(t, way);
      const { use: call } = rig.session!.client("worker");
      const open = async (text: string, timeoutMs?: number): Promise<number> =>
        JSON.parse((await call({ text }, timeoutMs === undefined ? {} : { timeoutMs })).text).deadlineMs;
      assert.equal(await open("any"), -1);
      const left = await open("any", 30_000);
      assert.ok(left > 20_000 && left < 30_000, String(left));
      const own = await open("own deadline", 30_000);
      assert.ok(own > 0 && own <= 1234, String(own));
      const { seen } = await rig.session!.client("worker").step({ steps: 20 }, { timeoutMs: 30_000 });
      assert.ok(seen.every(({ deadlineMs }) => deadlineMs > 0 && deadlineMs <= 30_000));
    });

    test("a call within ends with the outer one, by deadline and by abort [CTX-02]", async (t) => {
      const late = await start(t, way);
      await use(late, "open");
      const timed = late.session!.client("worker").use({ text: "hang" }, { timeoutMs: 1500 });
      timed.catch(() => {});
      await eventually(() => late.opened.includes("hang"));
      await assert.rejects(timed, { code: Code.DeadlineExceeded });
      await withTimeout(late.aborted, 5000);

      const rig = await start(t, way);
      const abort = new AbortController();
      const call = rig.session!.client("worker").use({ text: "hang" }, { signal: abort.signal });
      await eventually(() => rig.opened.length === 1);
      abort.abort();
      await assert.rejects(call, { code: Code.Canceled });
      await withTimeout(rig.aborted, 5000);
    });

    test("what a plugin's handler has not waited for ends with it, unless it is for the background [CTX-02]", async (t) => {
      const rig = await start(t, way);
      await use(rig, "open");
      assert.equal(await use(rig, "forgotten"), "forgotten");
      await withTimeout(rig.aborted, 5000);
      assert.equal(await use(rig, "background"), "background");
      await eventually(() => rig.opened.includes("after the answer"));
    });

    test("leaving a stream early ends it on the other side", async (t) => {
      const rig = await start(t, way);
      assert.equal(await use(rig, "watch"), "0");
      await withTimeout(rig.aborted, 5000);
    });

    test("trace context and id go on through all calls, and a caller's own are kept [CTX-03] [CTX-04]", async (t) => {
      const rig = await start(t, way);
      const headers = { traceparent: "00-abc-def-01", tracestate: "a=b", "tenon-call-id": "order-7" };
      const { seen } = await rig.session!.client("worker").step({ steps: 4 }, { headers });
      for (const each of seen) {
        assert.deepEqual([each.id, each.traceparent, each.tracestate], ["order-7", "00-abc-def-01", "a=b"]);
      }
      const { text } = await rig.session!.client("worker").use({ text: "own id" }, { headers });
      const { id, traceparent, tracestate } = JSON.parse(text);
      assert.deepEqual([id, traceparent, tracestate], ["mine", "00-own-own-00", ""]);
    });

    test("who calls is told by each side for itself, and nobody can say otherwise [CTX-05]", async (t) => {
      const rig = await start(t, way);
      const headers = { "tenon-caller": "somebody else" };
      const { seen } = await rig.session!.client("worker").step({ steps: 2 }, { headers });
      assert.deepEqual(
        seen.map(({ caller, instance }) => [caller, instance]),
        [
          ["shop", ""],
          ["relay", rig.session!.id],
          ["shop", ""],
        ],
      );
    });

    test("each call that nobody gave an id has its own [CTX-04]", async (t) => {
      const rig = await start(t, way);
      const ids = await Promise.all(
        Array.from({ length: 50 }, async () => (await rig.session!.client("worker").step({ steps: 0 })).seen[0]!.id),
      );
      assert.equal(new Set(ids).size, 50);
      assert.ok(ids.every((id) => id.length > 10));
    });

    test("a handler that is at work while its plugin is stopped calls its host to the end [HSV-09]", async (t) => {
      const rig = await start(t, way);
      const call = use(rig, "twice");
      await eventually(() => rig.opened.includes("first"));
      const stopping = rig.session!.stop();
      assert.equal(JSON.parse(await call).text, "second");
      assert.equal((await stopping).how, "shutdown");
      await sandbox.assertClean();
    });

    test("the end of the plugin ends its calls to the host [HSV-09]", async (t) => {
      const rig = await start(t, way);
      const call = rig.session!.client("worker").use({ text: "hang" });
      call.catch(() => {});
      await eventually(() => rig.opened.length === 1);
      await rig.session!.stop({ shutdownTimeoutMs: 0, terminateTimeoutMs: 0 });
      await assert.rejects(call);
      await withTimeout(rig.aborted, 5000);
      await sandbox.assertClean();
    });
  });
}

const [way] = ways as [Way];

test("a host whose contract declares none is told of as such [HSV-05]", async (t) => {
  const rig = createRig();
  t.after(() => rig.host.stop());
  const session = await rig.host.start(relayWithout, way.launch, way.options);
  await assert.rejects(session.client("worker").use({ text: "open" }), (error: ConnectError) => {
    assert.equal(error.code, Code.FailedPrecondition);
    assert.match(error.rawMessage, /serves nothing under the broker id 0/);
    return true;
  });
});

test("an implementation that lacks a method, or cannot be made, is refused before anything starts [HSV-08]", async (t) => {
  const rig = createRig();
  t.after(() => rig.host.stop());
  const refused = async (hostServices: unknown, message: RegExp) =>
    assert.rejects(rig.host.start(relay, way.launch, { hostServices } as StartOptions), (error: Error) => {
      assert.match(error.message, message);
      return isTenonError(error, "option-invalid");
    });
  const { open } = rig.vault;
  await refused({ vault: { open } }, /hostServices\.vault is not valid: the implementation .*Vault lacks "watch"/);
  await refused({ vault: () => ({ open }) }, /lacks "watch"/);
  await refused({ vault: () => undefined }, /must make an implementation/);
  await refused({ vault: () => assert.fail("no vault today") }, /no vault today/);
  await refused({ vault: "mine" }, /options\.hostServices\.vault/);
  await refused([], /options\.hostServices/);
});

test("calls that have nothing to do with host services say nothing but who calls [CTX-05]", async (t) => {
  const rig = await start(t, way);
  await use(rig, "hello");
  const [seen] = (await rig.session!.client("worker").step({ steps: 0 })).seen;
  assert.deepEqual([seen!.depth, seen!.traceparent, seen!.deadlineMs], [1, "", -1]);
});
