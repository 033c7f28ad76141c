import assert from "node:assert/strict";
import { Code } from "@connectrpc/connect";
import { failure } from "../../streams/compliance/rig.js";
import { drain, type LauncherArea, lostCall, untilFacts } from "../case.js";

/** Instances that are stopped. */
export const close: LauncherArea = {
  name: "close",
  cases: [
    {
      what: "calls in flight end well when the instance is stopped",
      needs: ["drain", "concurrency"],
      async run(bench) {
        const { client, session, tag } = bench;
        const calls = [1n, 2n, 3n].map((number) => client.unary({ tag, number, delayMs: 300 }));
        await untilFacts(bench, ({ running }) => running === 3);
        const stopped = session.stop();
        const numbers = (await Promise.all(calls)).map(({ number }) => number);
        assert.deepEqual(numbers, [1n, 2n, 3n]);
        await stopped;
        await session.closed;
      },
    },
    {
      what: "a stream of answers in flight ends well when the instance is stopped",
      needs: ["drain", "streams"],
      async run(bench) {
        const { client, session, tag } = bench;
        const stream = drain(client.serverStream({ tag, count: 6, delayMs: 50 }));
        await untilFacts(bench, ({ running }) => running === 1);
        const stopped = session.stop();
        assert.equal(await stream, 6);
        await stopped;
      },
    },
    {
      what: "after a stop every call fails with UNAVAILABLE, whose cause is session-closed",
      async run({ client, session }) {
        await session.stop();
        await session.closed;
        for (let i = 0; i < 3; i++) {
          assert.equal((await lostCall(client.unary({}))).code, "session-closed");
          await failure(client.unary({}), Code.Unavailable);
        }
      },
    },
    {
      what: "the same for streams",
      needs: ["streams"],
      async run({ client, session }) {
        await session.stop();
        const tasks = async function* () {
          yield {};
        };
        for (const call of [
          () => drain(client.serverStream({ count: 1 })),
          () => client.clientStream(tasks()),
          () => drain(client.bidi(tasks())),
        ]) {
          assert.equal((await lostCall(call())).code, "session-closed");
        }
      },
    },
    {
      what: "a call that never ends does not hold up a stop, and fails",
      async run(bench) {
        const { client, session, tag } = bench;
        const call = client.unary({ tag, hang: true });
        call.catch(() => {});
        await untilFacts(bench, ({ running }) => running === 1);
        await session.stop();
        await lostCall(call);
      },
      needs: ["concurrency"],
    },
    {
      what: "stops, two at once and one later, end the same instance once",
      async run({ session }) {
        const [first, second] = await Promise.all([session.stop(), session.stop()]);
        assert.deepEqual(second, first);
        assert.deepEqual(await session.stop(), first);
        await session.closed;
      },
    },
    {
      what: "calls that are made while the instance is stopped are answered or lost, each once",
      async run({ client, session }) {
        let settledCalls = 0;
        const calls = Array.from({ length: 50 }, (_, i) =>
          client
            .unary({ number: BigInt(i) })
            .then(
              ({ number }) => assert.equal(number, BigInt(i)),
              (error: unknown) => lostCall(Promise.reject(error as Error)),
            )
            .finally(() => settledCalls++),
        );
        await Promise.all([session.stop(), ...calls]);
        assert.equal(settledCalls, 50);
      },
    },
    {
      what: "instances start and stop again and again, and nothing of them stays",
      async run({ open, long }) {
        for (let i = 0; i < (long ? 100 : 5); i++) {
          const session = await open();
          assert.equal((await session.client.unary({ number: BigInt(i) })).number, BigInt(i));
          await session.stop();
        }
      },
    },
  ],
};
