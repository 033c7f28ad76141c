import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defineContract } from "@tenon/core";
import { describeService } from "@tenon/core/bind";
import { Store } from "@tenon/core/host-services";
import { allowPlugins } from "./admit.js";
import { listen } from "./listener.testing.js";
import { type HelloInit, offered, store } from "./raw-plugin.testing.js";

describe("a plugin that does not fit is told so, with a code and whether to come again [BIND-07]", () => {
  const unnamed = { ...offered[0]!, services: [] };
  const [service] = offered[0]!.services;
  const cases: [string, HelloInit, string, RegExp][] = [
    ["another protocol", { minProtocol: 2, maxProtocol: 3 }, "protocol-unsupported", /2 to 3/],
    ["a bad name [BIND-04]", { plugin: "../kv" }, "hello-malformed", /plugin/],
    ["a bad instance [BIND-04]", { instance: "" }, "hello-malformed", /instance/],
    ["a bad epoch [BIND-04]", { epoch: 0n }, "hello-malformed", /epoch/],
    ["no version [BIND-04]", { versions: [] }, "hello-malformed", /versions/],
    ["another contract [BIND-11]", { contract: "other" }, "contract-unknown", /"other".*"store"/],
    ["nothing that fits [BIND-11]", { contract: "", versions: [unnamed] }, "contract-unknown", /"store"/],
    ["another version [BIND-12]", { versions: [{ version: 7 }] }, "version-mismatch", /7.*1/],
    [
      "a service that is missing",
      { versions: [{ version: 1, services: [{ typeName: "x.Y" }] }] },
      "shape-mismatch",
      /tenon\.host\.v1\.Store/,
    ],
    [
      "a method that is missing",
      { versions: [{ version: 1, services: [{ ...service!, methods: ["Get"] }] }] },
      "shape-mismatch",
      /Store\/(Put|Delete|List)/,
    ],
    ["a host service that is not there", { hostServices: ["log"] }, "host-service-missing", /"log"/],
  ];
  for (const [what, hello, code, reason] of cases) {
    test(what, async (t) => {
      const { event, dialIn, listener } = await listen(t);
      const plugin = await dialIn();
      plugin.hello(hello);
      const reject = await plugin.got("reject");
      assert.equal(reject.code, code);
      assert.match(reject.reason, reason);
      assert.equal(reject.retryable, false);
      assert.equal((await plugin.ended()).error, undefined);
      assert.equal((await event("rejected")).code, code);
      assert.deepEqual(listener.plugins(), []);
    });
  }

  test("what it serves fits several contracts, and it names none [BIND-11]", async (t) => {
    const other = defineContract({ ...store, name: "other" });
    const { dialIn } = await listen(t, { contracts: [store, other] });
    const plugin = await dialIn();
    plugin.hello({ contract: "" });
    const { code, reason } = await plugin.got("reject");
    assert.equal(code, "contract-ambiguous");
    assert.match(reason, /"store", "other"/);
  });

  test("another frame first [BIND-04]", async (t) => {
    const { dialIn } = await listen(t);
    const plugin = await dialIn();
    plugin.send({ case: "beat", value: { id: 1n } });
    assert.equal((await plugin.got("reject")).code, "hello-malformed");
  });

  test("it never says Hello [BIND-03]", async (t) => {
    const { dialIn } = await listen(t, { helloTimeoutMs: 100 });
    const plugin = await dialIn();
    const { code, retryable } = await plugin.got("reject");
    assert.deepEqual([code, retryable], ["hello-late", true]);
  });

  test("the host does not want it, and says nothing of its contracts", async (t) => {
    const { dialIn } = await listen(t, { admit: allowPlugins({ kv: ["store"] }) });
    const plugin = await dialIn();
    plugin.hello({ plugin: "stranger", contract: "secret" });
    const { code, reason } = await plugin.got("reject");
    assert.equal(code, "not-admitted");
    assert.doesNotMatch(reason, /store/);
  });

  test("the host cannot decide", async (t) => {
    const admit = () => {
      throw new Error("no database");
    };
    const { dialIn, records } = await listen(t, { admit });
    const plugin = await dialIn();
    plugin.hello();
    const { code, retryable, reason } = await plugin.got("reject");
    assert.deepEqual([code, retryable], ["internal", true]);
    assert.doesNotMatch(reason, /database/);
    assert.ok(records.some(({ message }) => message.includes("no database")));
  });
});

describe("a service with another descriptor hash [BIND-14]", () => {
  const doubted = { ...offered[0]!, services: [{ ...offered[0]!.services[0]!, descriptorHash: new Uint8Array(32) }] };

  for (const [what, change, code] of [
    ["is taken where only one side has more", (text: string) => text.replace(/field 2 .*\n/, ""), undefined],
    [
      "is refused for a field of another type",
      (text: string) => text.replace("one string key", "one int32 key"),
      /key/,
    ],
    ["is refused where it is not described", () => "", /Store/],
  ] as const) {
    test(what, async (t) => {
      const { dialIn } = await listen(t);
      const plugin = await dialIn();
      plugin.hello({ versions: [doubted] });
      const { typeNames } = await plugin.got("describe");
      assert.deepEqual(typeNames, [Store.typeName]);
      plugin.send({ case: "description", value: { texts: [change(describeService(Store))] } });
      if (code === undefined) {
        await plugin.got("welcome");
        return;
      }
      const reject = await plugin.got("reject");
      assert.equal(reject.code, "shape-mismatch");
      assert.match(reject.field, code);
    });
  }
});

test("the highest version that both have is called, none in common is told with both lists [BIND-12]", async (t) => {
  const { cookie, versions } = store;
  const wider = defineContract({ name: "store", cookie, versions: { 1: versions[1], 3: versions[1], 7: versions[1] } });
  const { dialIn } = await listen(t, { contracts: [wider] });
  const plugin = await dialIn();
  plugin.hello({ versions: [1, 3, 5].map((version) => ({ ...offered[0]!, version })) });
  assert.equal((await plugin.got("welcome")).contractVersion, 3);
  const stranger = await dialIn();
  stranger.hello({ instance: "kv-2", versions: [{ version: 2 }, { version: 9 }] });
  const { code, reason } = await stranger.got("reject");
  assert.equal(code, "version-mismatch");
  assert.match(reason, /2, 9.*1, 3, 7/);
});
