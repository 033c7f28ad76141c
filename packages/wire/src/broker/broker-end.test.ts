import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { after, before, describe, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { GRPCStdio, type HealthCheckResponse_ServingStatus, isTenonError } from "@tenon/core";
import { assertNoLeaks, snapshotResources } from "@tenon/testkit";
import { askHealth, type BrokerPair, connectBrokers, type PairOptions, serveHealth } from "./broker-pair.testing.js";
import { brokerKey } from "./key.js";

const { TMPDIR } = process.env;
let directory = "";
before(() => {
  directory = mkdtempSync("/tmp/br");
  process.env["TMPDIR"] = directory;
});
after(() => {
  if (TMPDIR === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = TMPDIR;
  rmSync(directory, { recursive: true });
});
// Streams in memory do not keep a process alive.
const alive = setInterval(() => {}, 1000);
after(() => clearInterval(alive));

async function connect(t: TestContext, options: PairOptions): Promise<BrokerPair> {
  const pair = await connectBrokers(options);
  t.after(() => pair.close());
  return pair;
}

const fails = (code: Parameters<typeof isTenonError>[1]) => (error: unknown) => {
  assert.ok(isTenonError(error, code), String(error));
  return true;
};

for (const options of [
  { mode: "sockets" },
  { mode: "sockets", network: "tcp" },
  { mode: "sockets", tls: true },
  { mode: "mux" },
  { mode: "mux", tls: true },
] as const satisfies PairOptions[]) {
  describe(`a broker: ${JSON.stringify(options)}`, () => {
    test("either side serves and the other dials [BRK-08] [BRK-06] [BRK-17]", async (t) => {
      const pair = await connect(t, options);
      for (const [one, other] of [
        [pair.host, pair.plugin],
        [pair.plugin, pair.host],
      ] as const) {
        const served = await one.serve(serveHealth(1));
        assert.equal(served.id, 1);
        const channel = await other.dial(served.id);
        assert.equal(await askHealth(channel), 1);
        await channel.close();
        await served.close();
        await served.closed;
      }
    });

    test("messages above 4 MiB pass by default [BRK-22]", async (t) => {
      const { host, plugin } = await connect(t, options);
      const data = Buffer.alloc(5 * 1024 * 1024, 7);
      const served = await plugin.serve(
        (server) =>
          void server.add(GRPCStdio, {
            async *streamStdio() {
              yield { data };
            },
          }),
      );
      const channel = await host.dial(served.id);
      let bytes = 0;
      for await (const chunk of createClient(GRPCStdio, channel.transport).streamStdio({})) bytes += chunk.data.length;
      assert.equal(bytes, data.length);
    });

    test("an id may be dialled before it is served [BRK-03]", async (t) => {
      const { host, plugin } = await connect(t, options);
      const dialling = plugin.dial(7);
      await sleep(20);
      await host.serve(serveHealth(), { id: 7 });
      assert.equal(await askHealth(await dialling), 1);
    });

    test("many at once, both ways, each reaches its own [BRK-14]", async (t) => {
      const { host, plugin } = await connect(t, { ...options, timeoutMs: 60_000 });
      const calls = Array.from({ length: 60 }, async (_, index) => {
        const [one, other] = index % 2 === 0 ? [host, plugin] : [plugin, host];
        const status = (index % 3) as HealthCheckResponse_ServingStatus;
        const served = await one.serve(serveHealth(status));
        const channel = await other.dial(served.id);
        const answer = await askHealth(channel);
        await channel.close();
        await served.close();
        return answer === status;
      });
      assert.deepEqual([...new Set(await Promise.all(calls))], [true]);
    });

    test("an id that nobody serves fails, and the next dial is none the worse [BRK-03] [BRK-13]", async (t) => {
      const { host, plugin } = await connect(t, { ...options, timeoutMs: 500 });
      await assert.rejects(plugin.dial(99), fails(options.mode === "mux" ? "broker-refused" : "broker-timeout"));
      const served = await host.serve(serveHealth());
      assert.equal(await askHealth(await plugin.dial(served.id)), 1);
    });

    test("a dial that its caller gives up leaves the next one alone [BRK-15]", async (t) => {
      const { host, plugin } = await connect(t, options);
      for (let round = 0; round < 5; round++) {
        const given = await host.serve(serveHealth(2));
        const wanted = await host.serve(serveHealth(1));
        const giveUp = new AbortController();
        const dialling = plugin.dial(given.id, { signal: giveUp.signal });
        setImmediate(() => giveUp.abort(new Error("enough")));
        await assert.rejects(dialling, /enough/);
        assert.equal(await askHealth(await plugin.dial(wanted.id)), 1);
      }
    });

    test("its stream's end fails those who wait and those who come, and ends what is served [BRK-10]", async (t) => {
      const pair = await connect(t, options);
      const served = await pair.plugin.serve(serveHealth());
      const waiting = [pair.host.dial(50), pair.plugin.dial(51)];
      await sleep(20);
      pair.breakStream();
      for (const dialling of waiting) await assert.rejects(dialling, fails("broker-closed"));
      await served.closed;
      for (const broker of [pair.host, pair.plugin]) {
        await assert.rejects(broker.dial(1), fails("broker-closed"));
        await assert.rejects(broker.serve(serveHealth()), fails("broker-closed"));
      }
    });

    test("a call in flight is answered though the stream has ended [BRK-10]", async (t) => {
      const pair = await connect(t, options);
      let answer = (): void => {};
      const asked = new Promise<void>((resolve) => {
        void pair.host.serve(
          (server) =>
            void server.add(GRPCStdio, {
              async *streamStdio() {
                resolve();
                await new Promise<void>((go) => (answer = go));
                yield { data: Buffer.from("done") };
              },
            }),
          { id: 3 },
        );
      });
      const channel = await pair.plugin.dial(3);
      const reading = (async () => {
        for await (const { data } of createClient(GRPCStdio, channel.transport).streamStdio({})) return data;
        return undefined;
      })();
      await asked;
      pair.breakStream();
      await sleep(20);
      answer();
      assert.equal(Buffer.from((await reading) ?? []).toString(), "done");
    });

    test("ids count from 1 and leave out what is served; others are checked [BRK-07]", async (t) => {
      const { host } = await connect(t, options);
      assert.deepEqual([host.nextId(), host.nextId()], [1, 2]);
      await host.serve(serveHealth(), { id: 3 });
      assert.equal(host.nextId(), 4);
      await assert.rejects(host.serve(serveHealth(), { id: 3 }), fails("option-invalid"));
      for (const id of [-1, 1.5, 2 ** 32]) await assert.rejects(host.dial(id), fails("option-invalid"));
      await assert.rejects(host.dial(1, { timeoutMs: -1 }), fails("option-invalid"));
    });

    test("what it serves knows the broker [BRK-09]", async (t) => {
      const { host, plugin } = await connect(t, options);
      let seen: unknown;
      const served = await host.serve(
        (server) =>
          void server.add(GRPCStdio, {
            // oxlint-disable-next-line require-yield
            async *streamStdio(_request, { values }) {
              seen = values.get(brokerKey);
            },
          }),
      );
      const channel = await plugin.dial(served.id);
      for await (const _ of createClient(GRPCStdio, channel.transport).streamStdio({}));
      assert.equal(seen, host);
    });

    test("200 channels opened and closed in both directions leave nothing [BRK-19]", async (t) => {
      const pair = await connect(t, options);
      const round = async (): Promise<void> => {
        for (const [one, other] of [
          [pair.host, pair.plugin],
          [pair.plugin, pair.host],
        ] as const) {
          const served = await one.serve(serveHealth());
          const channel = await other.dial(served.id);
          assert.equal(await askHealth(channel), 1);
          await channel.close();
          await served.close();
        }
      };
      await round();
      const before = snapshotResources({ temporaryDirectories: [directory] });
      for (let rounds = 0; rounds < 10; rounds++) await Promise.all(Array.from({ length: 10 }, round));
      await assertNoLeaks(before, { graceMs: 5000 });
    });

    test("destroyed in the middle of everything it leaves nothing [BRK-11]", async () => {
      await sleep(20);
      const before = snapshotResources({ temporaryDirectories: [directory] });
      const pair = await connectBrokers(options);
      const served = await pair.host.serve(serveHealth());
      await pair.plugin.dial(served.id);
      await pair.plugin.serve(serveHealth());
      const pending = [pair.host.dial(60), pair.host.serve(serveHealth()), pair.plugin.serve(serveHealth())];
      await pair.close();
      await Promise.allSettled(pending);
      await assertNoLeaks(before, { graceMs: 5000 });
      assert.deepEqual(readdirSync(directory), []);
    });
  });
}
