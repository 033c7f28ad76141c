import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { isTenonError } from "@tenon/core";
import { createHost, type StartOptions } from "@tenon/host";
import { assertNoLeaks, eventually, listTemporaryEntries, snapshotResources } from "@tenon/testkit";
import { AddHelper } from "../gen/bidirectional/counter_pb.js";
import { addHelper, counter } from "../fixtures/counter.js";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";
import { callBack, callForth, type CounterSession } from "./peers/counter-calls.js";

const sandbox = useSandbox();
const host = createHost();
const start = (options: StartOptions) => host.start(counter, { process: fixture("counter-plugin") }, options);

/** What the plugin's process holds. */
async function holdings(session: CounterSession): Promise<readonly [descriptors: number, resources: number]> {
  const client = session.client("counter");
  const { value: descriptors } = await client.get({ key: "descriptors" });
  const { value: resources } = await client.get({ key: "resources" });
  return [Number(descriptors), Number(resources)];
}

for (const options of [
  { multiplex: false, autoMtls: false },
  { multiplex: false, autoMtls: true },
  { multiplex: true, autoMtls: false },
  { multiplex: true, autoMtls: true },
] as const) {
  const { multiplex, autoMtls } = options;
  describe(`Tenon to Tenon, ${multiplex ? "multiplexed" : "by sockets"}, ${autoMtls ? "AutoMTLS" : "plaintext"}`, () => {
    test("1000 channels opened and closed, in both directions, leave nothing on either side [BRK-19] [BRK-08]", async () => {
      const session = await start(options);
      assert.deepEqual([session.multiplexed, session.tls], [multiplex, autoMtls]);
      let rounds = 0;
      const both = async (): Promise<void> => {
        const round = rounds++;
        await callBack(session, `k${round}`, BigInt(round));
        await callForth(session);
      };
      // What is loaded on first use is there from now on.
      await both();
      const before = snapshotResources({ temporaryDirectories: [sandbox.directory] });
      const [descriptors, resources] = await holdings(session);
      for (let i = 0; i < 50; i++) await Promise.all(Array.from({ length: 10 }, both));
      assert.equal(rounds, 501);
      await assertNoLeaks(before, { graceMs: 5000 });
      await eventually(async () => {
        const [descriptorsNow, resourcesNow] = await holdings(session);
        assert.ok(descriptorsNow <= descriptors, `${descriptorsNow} descriptors, ${descriptors} before`);
        assert.ok(resourcesNow <= resources, `${resourcesNow} resources, ${resources} before`);
        return true;
      });
      await session.stop();
      await sandbox.assertClean();
    });

    test("a stop lets a call end that calls back [BRK-11]", async () => {
      const session = await start(options);
      let begun = (): void => {};
      const isBegun = new Promise<void>((resolve) => (begun = resolve));
      let go = (): void => {};
      const helper = await session.broker.serve(
        (server) =>
          void server.add(AddHelper, {
            async sum({ a, b }) {
              begun();
              await new Promise<void>((resolve) => (go = resolve));
              return { r: a + b };
            },
          }),
      );
      const putting = session.client("counter").put({ addServer: helper.id, key: "x", value: 1n });
      await isBegun;
      const stopping = session.stop();
      setTimeout(() => go(), 50);
      await putting;
      assert.equal((await stopping).how, "shutdown");
      await helper.closed;
      await sandbox.assertClean();
    });

    test("a plugin that dies ends its broker, with what it served and what it was served [BRK-10] [BRK-11]", async () => {
      const session = await start(options);
      const helper = await session.broker.serve((server) => void server.add(AddHelper, addHelper()));
      const { value } = await session.client("counter").get({ key: "serve" });
      const channel = await session.broker.dial(Number(value));
      const waiting = session.broker.dial(4711);
      process.kill(session.pid, "SIGKILL");
      await assert.rejects(waiting, (error) => isTenonError(error, "broker-closed"));
      await assert.rejects(
        createClient(AddHelper, channel.transport).sum({ a: 1n, b: 1n }),
        (error) => ConnectError.from(error).code === Code.Unavailable,
      );
      await helper.closed;
      assert.equal((await session.closed).signal, "SIGKILL");
      await assert.rejects(
        session.broker.serve(() => {}),
        (error) => isTenonError(error, "broker-closed"),
      );
      await sandbox.assertClean();
    });
  });
}

test("the host's sockets lie beside the plugin's, for the same user alone [BRK-05]", async () => {
  const session = await start({});
  const [directory] = readdirSync(sandbox.directory).filter((name) => name.startsWith("tenon-"));
  const names = (): string[] => readdirSync(join(sandbox.directory, directory!)).sort();
  assert.equal(names().length, 1);
  const helper = await session.broker.serve((server) => void server.add(AddHelper, addHelper()));
  const { value } = await session.client("counter").get({ key: "serve" });
  const made = names().filter((name) => name.startsWith("broker"));
  assert.equal(made.length, 2);
  for (const name of made) {
    assert.equal(statSync(join(sandbox.directory, directory!, name)).mode & 0o777, 0o600);
  }
  await helper.close();
  await session.client("counter").get({ key: `close:${value}` });
  assert.equal(names().length, 1);
  await session.stop();
});

test("brokered sockets of both sides belong to the group that the host names [BRK-05]", {
  skip: process.getuid?.() === 0 ? false : "only root may name any group",
}, async () => {
  const session = await start({ socketGroup: "12345" });
  await using helper = await session.broker.serve((server) => void server.add(AddHelper, addHelper()));
  const { value } = await session.client("counter").get({ key: "serve" });
  const sockets = listTemporaryEntries([sandbox.directory]).filter((path) => statSync(path).isSocket());
  // The plugin's main socket, the host's and the plugin's brokered one.
  assert.equal(sockets.length, 3);
  for (const path of sockets) {
    const { gid, mode } = statSync(path);
    assert.deepEqual([gid, mode & 0o777], [12345, 0o660], path);
  }
  await (await session.broker.dial(Number(value))).close();
  await session.client("counter").put({ addServer: helper.id, key: "x", value: 1n });
  await session.stop();
});

test("a plugin without a broker loses nothing else [BRK-01]", async () => {
  const session = await host.start(counter, { process: fixture("brokerless") }, { autoMtls: false });
  assert.equal((await session.client("counter").get({ key: "x" })).value, 7n);
  for (const use of [() => session.broker.dial(1), () => session.broker.serve(() => {})]) {
    await assert.rejects(use(), (error) => {
      assert.ok(isTenonError(error, "broker-closed"));
      assert.equal(ConnectError.from(error.cause).code, Code.Unimplemented);
      return true;
    });
  }
  await session.stop();
});

test("a plugin that answers false to being asked is refused, or had as it is [BRK-16]", async () => {
  const launch = { process: fixture("brokerless", "false") } as const;
  await assert.rejects(host.start(counter, launch, { autoMtls: false, multiplex: true }), (error) =>
    isTenonError(error, "multiplex-unsupported"),
  );
  const session = await host.start(counter, launch, { autoMtls: false, multiplex: "prefer" });
  assert.equal(session.multiplexed, false);
  await session.stop();
});

test("a host that attaches finds a broker of its own, beside another's and after it [BRK-09]", async () => {
  const launch = { process: fixture("counter-plugin"), lifetime: "own" } as const;
  const first = await host.start(counter, launch, { autoMtls: false });
  await callBack(first, "first", 1n);
  const second = await host.start(counter, { attach: first.reattach });
  await Promise.all([callBack(first, "both", 2n), callForth(second), callBack(second, "second", 3n)]);
  await first.detach();
  for (let round = 0; round < 5; round++) {
    const next = await host.start(counter, { attach: second.reattach });
    await callBack(next, `next ${round}`, 4n);
    await callForth(next);
    await next.detach();
  }
  await callBack(second, "last", 5n);
  await second.stop();
  await sandbox.assertClean();
});
