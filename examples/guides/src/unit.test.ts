import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, createClient, createRouterTransport } from "@connectrpc/connect";
import plugin from "./plugin.js";
import { Spelling, Words } from "./gen/guide/v1/words_pb.js";

test("the methods, without a process", async () => {
  const transport = createRouterTransport((router) => {
    for (const { service, implementation } of plugin.versions[2] ?? []) router.service(service, implementation);
  });
  const { words } = await createClient(Words, transport).count({ text: "one two" });
  assert.equal(words, 2);
  await assert.rejects(createClient(Spelling, transport).check({ text: "tennon" }), { code: Code.NotFound });
});
