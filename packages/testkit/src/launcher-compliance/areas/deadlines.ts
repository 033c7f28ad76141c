import assert from "node:assert/strict";
import { Code } from "@connectrpc/connect";
import { failure } from "../../streams/compliance/rig.js";
import { drain, type LauncherArea, untilFacts } from "../case.js";

/** Calls that have only so much time. */
export const deadlines: LauncherArea = {
  name: "deadlines",
  cases: [
    {
      what: "a call that takes too long fails for its caller",
      async run({ client }) {
        await failure(client.unary({ delayMs: 400 }, { timeoutMs: 30 }), Code.DeadlineExceeded);
        await client.unary({}, { timeoutMs: 60_000 });
      },
    },
    {
      what: "a deadline ends the handler too, and it is told how long it has",
      needs: ["deadline", "abort"],
      async run(bench) {
        const { client, tag } = bench;
        const { timeoutMs } = await client.unary({}, { timeoutMs: 60_000 });
        assert.ok(timeoutMs !== undefined && timeoutMs > 0 && timeoutMs <= 60_000, `it was told ${timeoutMs} ms`);
        assert.equal((await client.unary({})).timeoutMs, undefined);
        await failure(client.unary({ tag, hang: true }, { timeoutMs: 50 }), Code.DeadlineExceeded);
        await untilFacts(bench, ({ aborted, running }) => aborted === 1 && running === 0);
      },
    },
    {
      what: "a deadline ends streams, on both sides",
      needs: ["deadline", "abort", "streams"],
      async run(bench) {
        const { client, tag } = bench;
        const tasks = async function* () {
          yield { tag, hang: true };
        };
        const timeoutMs = 60;
        await Promise.all(
          [
            drain(client.serverStream({ tag, hang: true, count: 1 }, { timeoutMs })),
            client.clientStream(tasks(), { timeoutMs }),
            drain(client.bidi(tasks(), { timeoutMs })),
          ].map((call) => failure(call, Code.DeadlineExceeded)),
        );
        await untilFacts(bench, ({ begun, aborted, running }) => BigInt(aborted) === begun && running === 0);
      },
    },
  ],
};
