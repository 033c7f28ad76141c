import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { inspect } from "node:util";
import { create } from "@bufbuild/protobuf";
import { defineContract } from "@tenon/core";
import { Level, LogEntrySchema, LogsSchema } from "@tenon/core/bind";
import { createTokens, requireToken } from "@tenon/host/bind";
import { createLogger, implement } from "@tenon/plugin";
import { bindPlugin, type BindOptions } from "@tenon/plugin/bind";
import { eventually, openFaultProxy } from "@tenon/testkit";
import { Counter } from "../gen/bidirectional/counter_pb.js";
import { useSandbox } from "../support/sandbox.js";
import { counted, createCountedPlugin } from "./counted.js";
import { listenWithNeighbor } from "./neighbor.js";
import { helloOf } from "./raw-plugin.js";

useSandbox();

/** A host that wants tokens, with a neighbor that has one. */
async function listenForTokens(t: TestContext) {
  const tokens = createTokens();
  const { token } = tokens.issue({ plugin: "neighbor" });
  return { ...(await listenWithNeighbor(t, { admit: requireToken(tokens) }, token)), tokens, token };
}

describe("nobody takes the place of a plugin without its right [BFT-07]", () => {
  const asNeighbor = { plugin: "neighbor", instance: "n-1", epoch: 2n ** 52n };

  test("whatever token it has, and however great its epoch", async (t) => {
    const { dial, tokens, listener, assertUnaffected } = await listenForTokens(t);
    const revoked = tokens.issue({ plugin: "neighbor" });
    tokens.revoke(revoked.id);
    const expired = tokens.issue({ plugin: "neighbor", expiresInMs: 1 });
    const once = tokens.issue({ plugin: "neighbor", singleUse: true });
    const user = dial();
    user.send(helloOf({ plugin: "neighbor", instance: "n-2", token: once.token }));
    await user.got("welcome");
    const attacks: Readonly<Record<string, string>> = {
      "token-missing": "",
      "token-unknown": "0123456789ab.secret",
      "token-foreign": tokens.issue({ plugin: "attacker" }).token,
      "token-revoked": revoked.token,
      "token-expired": expired.token,
      "token-used": once.token,
    };
    for (const [code, token] of Object.entries(attacks)) {
      const thief = dial();
      thief.send(helloOf({ ...asNeighbor, token }));
      const refusal = await thief.refused();
      assert.equal(refusal.code, code);
      assert.ok(token === "" || !refusal.reason.includes(token), refusal.reason);
    }
    assert.equal(listener.plugins().length, 2);
    await assertUnaffected();
  });

  test("nor is the Hello of somebody else worth anything once more", async (t) => {
    const { dial, listener, token, assertUnaffected } = await listenForTokens(t);
    const epoch = BigInt(listener.plugins()[0]!.epoch);
    const replay = dial();
    replay.send(helloOf({ ...asNeighbor, epoch, token }));
    assert.equal((await replay.refused()).code, "epoch-stale");
    await assertUnaffected();
  });

  test("nor does a frame reach what another plugin is asked or has said", async (t) => {
    const { dial, event, records, tokens, assertUnaffected } = await listenForTokens(t);
    const attacker = dial();
    attacker.send(helloOf({ token: tokens.issue({ plugin: "attacker" }).token }));
    await attacker.got("welcome");
    const fields = JSON.stringify({ plugin: "neighbor", instance: "neighbor/n-1", "@module": "neighbor" });
    const entry = { sequence: 1n, level: Level.ERROR, message: "neighbor/n-1: I fail", fields };
    attacker.send({ case: "beatAnswer", value: { id: 1n } });
    attacker.send({ case: "description", value: { texts: ["service x"] } });
    attacker.send({ case: "logs", value: create(LogsSchema, { entries: [create(LogEntrySchema, entry)] }) });
    const record = await eventually(() => records.find(({ source }) => source === "bind"));
    assert.deepEqual([record.plugin, record.instance], ["attacker", "attacker/a-1"]);
    attacker.send({ case: "goodbye", value: { reason: "neighbor leaves" } });
    const { id, reason } = await event("unmounted");
    assert.deepEqual([id, reason], ["attacker/a-1", "neighbor leaves"]);
    await assertUnaffected();
  });
});

test("a plugin of another version or shape is told which field does not fit [BFT-07]", async (t) => {
  const { listener, assertUnaffected } = await listenWithNeighbor(t);
  const logger = createLogger({ name: "other", write: () => {} });
  const specimen = counted.versions[1].specimen;
  const later = defineContract({ ...counted, versions: { 2: { specimen } } });
  const shaped = defineContract({ ...counted, versions: { 1: { counter: Counter } } });
  const unused = () => {
    throw new Error("nobody calls it");
  };
  const others = [
    { plugin: implement(later, { specimen: unusedSpecimen(unused) }), code: "version-mismatch", field: /versions/ },
    { plugin: implement(shaped, { counter: { get: unused, put: unused } }), code: "shape-mismatch", field: /Specimen/ },
  ];
  for (const { plugin, code, field } of others) {
    const refused = bindPlugin(plugin, { to: listener.address, name: "other", logger });
    await assert.rejects(refused, (error: Error & { facts: Record<string, unknown> }) => {
      assert.equal(error.facts["code"], code);
      assert.match(String(error.facts["field"]), field);
      return true;
    });
  }
  await assertUnaffected();
});

function unusedSpecimen(unused: () => never) {
  const names = Object.keys(counted.versions[1].specimen.method);
  return Object.fromEntries(names.map((name) => [name, unused])) as never;
}

test("a token is in no record, event, error or object of either side [BFT-08]", async (t) => {
  const { listener, tokens, token, bound, records, events, dial } = await listenForTokens(t);
  const issued = [token];
  const issue = (plugin: string, options: object = {}) => {
    const each = tokens.issue({ plugin, ...options });
    issued.push(each.token);
    return each;
  };
  const written: unknown[] = [];
  const logger = createLogger({ name: "leaky", level: "trace", write: (line) => written.push(line) });
  const onEvent = (event: unknown) => void written.push(inspect(event, { depth: 10 }));
  const bind = (options: BindOptions) =>
    bindPlugin(createCountedPlugin().plugin, { name: "leaky", logger, onEvent, minBackoffMs: 10, ...options });

  const foreign = issue("somebody").token;
  const wrong = `${foreign.split(".")[0]}.${"w".repeat(43)}`;
  issued.push(wrong);
  for (const refused of [foreign, wrong, `${foreign}\n`, "x".repeat(5000)]) {
    await bind({ to: listener.address, token: refused }).catch((error: unknown) => written.push(inspect(error)));
  }
  const malformed = dial();
  malformed.send(helloOf({ token: foreign, version: `${foreign}\u0000` }));
  written.push((await malformed.refused()).reason);

  const proxy = await openFaultProxy({ target: listener.address });
  t.after(() => proxy.close());
  const once = issue("leaky", { singleUse: true });
  const leaky = await bind({ to: proxy.address, token: once.token });
  t.after(() => leaky.destroy());
  proxy.cut();
  await eventually(() => leaky.link !== undefined && proxy.counts.links === 2, { what: "the second link" });
  await proxy.close();
  await eventually(() => leaky.state === "waiting");
  tokens.revoke(once.id);
  leaky.destroy();
  written.push(inspect(await leaky.closed));

  const all = [written, records, events, listener, listener.plugins(), bound, leaky, tokens, tokens.stored()];
  const text = all.map((each) => inspect(each, { depth: 12, maxArrayLength: null, maxStringLength: null })).join("\n");
  assert.ok(written.length > 8 && records.length > 0 && events.length > 5);
  for (const each of issued) {
    const at = text.indexOf(each.split(".")[1]!);
    assert.ok(at < 0, `a token is shown: ${text.slice(at - 300, at + 100)}`);
  }
  assert.ok(!text.includes("x".repeat(100)));
});
