import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createHost, type StartOptions } from "@tenon/host";
import { isTenonError } from "@tenon/core";
import { assertNoLeaks, snapshotResources } from "@tenon/testkit";
import { counter } from "../fixtures/counter.js";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";
import { brokerPeers } from "./peers/broker-go.js";
import { callBack, callForth } from "./peers/counter-calls.js";
import { runPeer } from "./peers/peer-report.js";

const sandbox = useSandbox();
const { plugin, host: goHost, missing } = await brokerPeers("broker");
const skip = missing ?? false;
const host = createHost();

const ways = [
  { autoMtls: false, multiplex: false },
  { autoMtls: true, multiplex: false },
  { autoMtls: false, multiplex: true },
  { autoMtls: true, multiplex: true },
] as const satisfies StartOptions[];

const title = ({ autoMtls, multiplex }: (typeof ways)[number]): string =>
  `${multiplex ? "multiplexed [BRK-12]" : "by sockets [BRK-02]"}, ${autoMtls ? "AutoMTLS" : "plaintext"}`;

describe("a Go plugin under our host", { skip }, () => {
  for (const way of ways) {
    test(`callbacks and channels of the plugin, ${title(way)} [BRK-08] [BRK-20]`, async () => {
      const session = await host.start(counter, { process: [plugin!] }, way);
      assert.equal(session.multiplexed, way.multiplex);
      await callBack(session, "a", 2n);
      await callForth(session);
      for (let i = 0; i < 50; i++) {
        await callBack(session, `b${i}`, BigInt(i));
        await callForth(session);
      }
      await session.ping();
      const outcome = await session.stop();
      assert.deepEqual([outcome.how, outcome.exitCode], ["shutdown", 0]);
      await sandbox.assertClean();
    });
  }

  for (const way of ways) {
    test(`40 callbacks at once, ${title(way)} [BRK-14] [BRK-20]`, async () => {
      const session = await host.start(counter, { process: [plugin!] }, way);
      await Promise.all(Array.from({ length: 40 }, (_, i) => callBack(session, `c${i}`, BigInt(i))));
      await session.stop();
    });
  }

  for (const way of ways) {
    test(`500 callbacks leave nothing with the host, ${title(way)} [BRK-19] [BRK-20]`, async () => {
      const session = await host.start(counter, { process: [plugin!] }, way);
      await callBack(session, "warm", 1n);
      const before = snapshotResources({ temporaryDirectories: [sandbox.directory] });
      for (let i = 0; i < 50; i++) {
        await Promise.all(Array.from({ length: 10 }, (_, j) => callBack(session, `f${i}-${j}`, 1n)));
      }
      await assertNoLeaks(before, { graceMs: 5000 });
      await session.stop();
    });
  }

  test("a dial given up does not misroute the next one, multiplexed [BRK-15] [BRK-20]", async () => {
    const session = await host.start(counter, { process: [plugin!] }, { multiplex: true });
    for (let round = 0; round < 10; round++) {
      const given = Number((await session.client("counter").get({ key: "serve" })).value);
      const giveUp = new AbortController();
      const dialling = session.broker.dial(given, { signal: giveUp.signal });
      setTimeout(() => giveUp.abort(new Error("enough")), round % 4);
      await dialling.then(
        (channel) => channel.close(),
        (error: Error) => assert.equal(error.message, "enough"),
      );
      await callForth(session);
      await callBack(session, `d${round}`, 1n);
    }
    await session.stop();
  });

  test("an id that nobody serves fails in time, and nothing else does [BRK-03] [BRK-20]", async () => {
    for (const multiplex of [false, true]) {
      const session = await host.start(counter, { process: [plugin!] }, { multiplex });
      await assert.rejects(session.broker.dial(4711, { timeoutMs: 300 }), (error) =>
        isTenonError(error, "broker-timeout"),
      );
      await callBack(session, "e", 3n);
      await callForth(session);
      await session.stop();
    }
  });
});

describe("our plugin under a Go host", { skip }, () => {
  for (const way of ways) {
    test(`callbacks and channels of the plugin, ${title(way)} [BRK-08] [BRK-20]`, async (t) => {
      const env = { MTLS: way.autoMtls ? "1" : "0", MUX: way.multiplex ? "1" : "0" };
      const checks = await runPeer([goHost!, ...fixture("counter-plugin")], env);
      for (const { check, error } of checks) await t.test(check, () => assert.equal(error, ""));
      assert.ok(checks.length >= (way.multiplex ? 7 : 13), "the host went through all its checks");
      await sandbox.assertClean();
    });
  }
});
