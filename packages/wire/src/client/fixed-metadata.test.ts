import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Health } from "@tenon/core";
import { createDuplexPair } from "@tenon/testkit";
import { createServer } from "../server/server.js";
import { createChannel } from "./channel.js";
import { createClient } from "./create-client.js";

function connect(t: TestContext, fixedMetadata: Record<string, string>) {
  const [ours, theirs] = createDuplexPair();
  const seen: Headers[] = [];
  const server = createServer().add(Health, {
    check(_, { requestHeader }) {
      seen.push(requestHeader);
      return {};
    },
    async *watch(_, { requestHeader }) {
      seen.push(requestHeader);
      yield {};
    },
  });
  server.accept(theirs);
  const channel = createChannel(ours, { fixedMetadata });
  t.after(() => {
    channel.destroy();
    server.destroy();
  });
  return { client: createClient(Health, channel.transport), seen };
}

test("it comes with every call, of every kind, and no call sets it itself", async (t) => {
  const { client, seen } = connect(t, { "tenon-caller": "shop", Second: "2" });
  const own = { headers: { "Tenon-Caller": "somebody else", mine: "1" } };
  for (let round = 0; round < 3; round++) {
    await client.check({});
    await client.check({}, own);
    for await (const _ of client.watch({}, own));
  }
  assert.equal(seen.length, 9);
  for (const headers of seen) assert.deepEqual([headers.get("tenon-caller"), headers.get("second")], ["shop", "2"]);
  assert.deepEqual(
    seen.slice(0, 3).map((headers) => headers.get("mine")),
    [null, "1", "1"],
  );
});

test("names of the protocol are left out, and what cannot be sent is refused", async (t) => {
  const { client, seen } = connect(t, { "grpc-timeout": "1n", te: "nothing", good: "yes" });
  await client.check({});
  assert.equal(seen[0]!.get("good"), "yes");
  const [ours] = createDuplexPair();
  for (const fixedMetadata of [{ "a b": "x" }, { a: "\n x \0" }, { a: "日本" }]) {
    assert.throws(() => createChannel(ours, { fixedMetadata }), { code: "option-invalid" });
  }
  ours.destroy();
});
