import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, createClient, type HandlerContext } from "@connectrpc/connect";
import { create as createMessage } from "@bufbuild/protobuf";
import { defineContract, GRPCController, GRPCStdio, Health, HealthCheckRequestSchema } from "@tenon/core";
import { callInfo } from "@tenon/wire/host-services";
import { createHostServices, type InstanceHostServices } from "./create-host-services.js";
import { currentCall } from "./handled-calls.js";
import { parseHostServices } from "./options.js";

const contract = defineContract({
  name: "kv",
  cookie: { key: "KV_PLUGIN", value: "x" },
  versions: { 1: { health: Health } },
  hostServices: { health: Health, control: GRPCController },
});
const init = { host: "app", plugin: "kv", instance: "kv-1", maxCallDepth: 5 };

const complete = {
  check: () => ({}),
  list: () => ({}),
  async *watch() {
    yield {};
  },
};

const directly = (t: TestContext, health: object) => create(t, health).directly({ copy: false });

function create(t: TestContext, health: object): InstanceHostServices {
  const services = createHostServices(contract, parseHostServices("hostServices", { health, stdio: {} }), init)!;
  t.after(() => services.destroy());
  return services;
}

test("a contract that declares none has none, whatever is granted", () => {
  const { hostServices: _, ...rest } = contract;
  const granted = parseHostServices("hostServices", { health: complete });
  assert.equal(createHostServices(defineContract(rest), granted, init), undefined);
  assert.equal(createHostServices(defineContract({ ...rest, hostServices: {} }), granted, init), undefined);
});

test("called directly they are the same: grants, refusals, caller [HSV-03] [HSV-04] [CTX-05]", async (t) => {
  const seen: HandlerContext[] = [];
  const transport = directly(t, {
    ...complete,
    check: (_: unknown, context: HandlerContext) => (seen.push(context), {}),
  });
  await createClient(Health, transport).check({}, { headers: { "tenon-caller": "an impostor" } });
  const { caller, instance } = callInfo(seen[0]!);
  assert.deepEqual([caller, instance], ["kv", "kv-1"]);
  const refused = async (call: Promise<unknown>, grant: string) =>
    assert.rejects(call, (error: ConnectError) => {
      assert.deepEqual([error.code, error.metadata.get("tenon-grant")], [Code.PermissionDenied, grant]);
      return true;
    });
  await refused(createClient(GRPCController, transport).shutdown({}), "control");
  const stdio = createClient(GRPCStdio, transport).streamStdio({})[Symbol.asyncIterator]();
  await refused(stdio.next(), "plugin.GRPCStdio");
});

test("every part of a handler runs within its call, and so do calls beyond its first answer [HSV-06]", async (t) => {
  const inside: boolean[] = [];
  const look = (): void => void inside.push(currentCall() !== undefined);
  const transport = directly(t, {
    async check() {
      look();
      await sleep(1);
      look();
      return {};
    },
    list() {
      look();
      return {};
    },
    async *watch() {
      try {
        look();
        yield {};
        await sleep(1);
        look();
        yield {};
      } finally {
        look();
      }
    },
  });
  const client = createClient(Health, transport);
  await client.check({});
  await client.list({});
  for await (const _ of client.watch({}));
  assert.deepEqual(inside, [true, true, true, true, true, true]);
  assert.equal(currentCall(), undefined);
});

test("a handler that throws, in whatever way, is at its end [HSV-06]", async (t) => {
  const failed = new ConnectError("no", Code.Aborted);
  const fail = (): never => {
    throw failed;
  };
  const transport = directly(t, {
    check: fail,
    list: async () => fail(),
    // oxlint-disable-next-line require-yield
    async *watch() {
      fail();
    },
  });
  const client = createClient(Health, transport);
  await assert.rejects(client.check({}), { code: Code.Aborted });
  await assert.rejects(client.list({}), { code: Code.Aborted });
  await assert.rejects(client.watch({})[Symbol.asyncIterator]().next(), { code: Code.Aborted });
  // Nobody is inside any more.
  assert.equal(currentCall(), undefined);
});

test("a call that lies too deep does not reach the implementation [HSV-07]", async (t) => {
  let calls = 0;
  const transport = directly(t, { ...complete, check: () => (calls++, {}) });
  const check = (depth: number) =>
    createClient(Health, transport).check(
      {},
      { headers: { "tenon-call-depth": String(depth), "tenon-call-chain": "kv a/B" } },
    );
  await check(5);
  await assert.rejects(check(6), (error: ConnectError) => {
    assert.match(
      error.rawMessage,
      /depth 6, and 5 is the most \(maxCallDepth\).*kv a\/B > app grpc\.health\.v1\.Health\/Check/,
    );
    return error.code === Code.ResourceExhausted;
  });
  assert.equal(calls, 1);
});

test("an implementation may be an object with a prototype, and is called as its method [HSV-08]", async (t) => {
  class Kept {
    readonly status = 1;
    check() {
      return { status: this.status };
    }
    list() {
      return {};
    }
    async *watch() {
      yield {};
    }
  }
  const transport = directly(t, new Kept());
  assert.equal((await createClient(Health, transport).check({})).status, 1);
});

test("after the end of the instance its calls fail [HSV-09]", async (t) => {
  const services = create(t, { ...complete, check: () => new Promise(() => {}) });
  const client = createClient(Health, services.directly({ copy: false }));
  const call = client.check({});
  await client.list({});
  services.destroy();
  await assert.rejects(call, { code: Code.Unavailable });
  await assert.rejects(client.list({}), { code: Code.Unavailable });
});

test("copied, neither side sees what the other does to its objects afterwards", async (t) => {
  const kept: { service: string }[] = [];
  const answer = { status: 1 };
  const services = create(t, {
    ...complete,
    check(request: { service: string }) {
      kept.push(request);
      return answer;
    },
  });
  for (const copy of [true, false]) {
    const request = createMessage(HealthCheckRequestSchema, { service: "before" });
    await createClient(Health, services.directly({ copy })).check(request);
    request.service = "after";
  }
  assert.deepEqual(
    kept.map(({ service }) => service),
    ["before", "after"],
  );
});
