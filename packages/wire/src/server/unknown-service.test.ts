import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { GRPCController, Health } from "@tenon/core";
import { createDuplexPair } from "@tenon/testkit";
import { createChannel } from "../client/channel.js";
import { createServer } from "./server.js";

test("a server may say itself what calls of a service that it has not fail with", async (t) => {
  const [ours, theirs] = createDuplexPair();
  const unknownService = (name: string) => new ConnectError(`not for you: ${name}`, Code.PermissionDenied);
  const server = createServer({ unknownService }).add(Health, {});
  server.accept(theirs);
  const channel = createChannel(ours);
  t.after(() => {
    channel.destroy();
    server.destroy();
  });
  await assert.rejects(createClient(GRPCController, channel.transport).shutdown({}), {
    code: Code.PermissionDenied,
    rawMessage: "not for you: plugin.GRPCController",
  });
  // A service that is there, but not this method of it.
  await assert.rejects(createClient(Health, channel.transport).check({}), { code: Code.Unimplemented });
  assert.throws(() => createServer({ unknownService: "no" as never }), { code: "option-invalid" });
});
