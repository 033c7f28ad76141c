import assert from "node:assert/strict";
import { Code } from "@connectrpc/connect";
import { TaskSchema } from "../../gen/tenon/testkit/v1/specimen_pb.js";
import { failure, pattern } from "../../streams/compliance/rig.js";
import { eventually } from "../../timing.js";
import { sameBytes } from "../bytes.js";
import { drain, type LauncherArea } from "../case.js";

/** Calls of the plugin to its host. */
export const hostServices: LauncherArea = {
  name: "host services",
  cases: [
    {
      what: "a handler calls its host and gets the answer",
      needs: ["host-services"],
      async run({ client }) {
        for (const bytes of [0, 1, 1000, 1_048_576]) {
          const data = pattern(bytes);
          const piece = await client.askHost({ number: BigInt(bytes), data });
          assert.equal(piece.number, BigInt(bytes));
          sameBytes(piece.data, data);
        }
      },
    },
    {
      what: "an error of the host reaches the handler, with code, text and details",
      needs: ["host-services", "details", "codes"],
      async run({ client }) {
        const data = pattern(20);
        const call = client.askHost({ status: Code.ResourceExhausted, message: "no room ☺", data });
        const error = await failure(call, Code.ResourceExhausted);
        assert.equal(error.rawMessage, "no room ☺");
        sameBytes(error.findDetails(TaskSchema)[0]?.data, data);
      },
    },
    {
      what: "a stream of the host comes whole and in order",
      needs: ["host-services", "streams"],
      async run({ client }) {
        let expected = 0n;
        for await (const { number } of client.askHostForStream({ count: 500 })) assert.equal(number, expected++);
        assert.equal(expected, 500n);
      },
    },
    {
      what: "many handlers call their host at once, and each gets its own answer",
      needs: ["host-services"],
      async run({ client }) {
        const calls = Array.from({ length: 200 }, async (_, i) => {
          const { number } = await client.askHost({ number: BigInt(i), delayMs: (i * 13) % 20 });
          assert.equal(number, BigInt(i));
        });
        await Promise.all(calls);
      },
    },
    {
      what: "host and plugin call each other to a depth of 90 calls, each while the one before is in flight",
      needs: ["host-services"],
      async run({ client, say }) {
        const left = 90;
        const { done } = await client.relay({ left });
        assert.equal(done, left);
        say(`${left} hops between host and plugin`);
        const depths = Array.from({ length: 20 }, (_, i) => client.relay({ left: i }));
        assert.deepEqual(
          (await Promise.all(depths)).map((hops) => hops.done),
          depths.map((_, i) => i),
        );
      },
    },
    {
      what: "a caller that gives up ends what its handler asked of the host",
      needs: ["host-services", "abort"],
      async run({ client, host, tag }) {
        const abort = new AbortController();
        const account = host.ledger.of(tag);
        const call = failure(client.askHost({ tag, hang: true }, { signal: abort.signal }), Code.Canceled);
        await eventually(() => account.running === 1);
        abort.abort();
        await call;
        await eventually(() => account.running === 0 && account.aborted === 1);
      },
    },
    {
      what: "a reader that leaves a stream of the host early ends it",
      needs: ["host-services", "abort", "streams"],
      async run({ client, host, tag }) {
        const data = pattern(10_000);
        for await (const _ of client.askHostForStream({ tag, count: 1_000_000, data })) break;
        await eventually(() => host.ledger.of(tag).running === 0);
        assert.equal(await drain(client.askHostForStream({ count: 3 })), 3);
      },
    },
  ],
};
