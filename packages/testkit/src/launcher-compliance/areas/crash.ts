import assert from "node:assert/strict";
import { Code } from "@connectrpc/connect";
import type { TenonError } from "@tenon/core";
import { failure } from "../../streams/compliance/rig.js";
import { type Bench, drain, type LauncherArea, lostCall, untilFacts } from "../case.js";

/** Instances that end unasked. */
export const crash: LauncherArea = {
  name: "crash",
  cases: [
    {
      what: "a handler that ends its process fails its call, and the cause says plugin-exited and the exit code",
      needs: ["exit"],
      async run(bench) {
        const { client, session } = bench;
        const cause = await lostCall(client.misbehave({ deed: { case: "exits", value: 7 } }));
        assertEnded(bench, cause);
        if (bench.has("exit-code")) assert.equal(cause.facts["exitCode"], 7);
        await session.closed;
        assertEnded(bench, await lostCall(client.unary({})));
        await failure(client.unary({}), Code.Unavailable);
      },
    },
    {
      what: "every call in flight fails, each once, when the instance ends",
      needs: ["exit", "concurrency"],
      async run(bench) {
        const { client, tag } = bench;
        const calls = Array.from({ length: 20 }, () => lostCall(client.unary({ tag, hang: true })));
        await untilFacts(bench, ({ running }) => running === 20);
        await lostCall(client.misbehave({ deed: { case: "exits", value: 1 } }));
        for (const cause of await Promise.all(calls)) assertEnded(bench, cause);
      },
    },
    {
      what: "streams in flight fail when the instance ends, both ways",
      needs: ["exit", "streams"],
      async run(bench) {
        const { client, tag } = bench;
        const tasks = async function* () {
          yield { tag, hang: true };
        };
        const calls = [
          drain(client.serverStream({ tag, count: 1, hang: true })),
          client.clientStream(tasks()),
          drain(client.bidi(tasks())),
        ].map(lostCall);
        await untilFacts(bench, ({ running }) => running === 3);
        await lostCall(client.misbehave({ deed: { case: "exits", value: 1 } }));
        await Promise.all(calls);
      },
    },
    {
      what: "another instance hears nothing of it, and a new one starts",
      needs: ["exit"],
      async run({ client, open }) {
        const other = await open();
        const beside = other.client.unary({ number: 1n, delayMs: 200 });
        await lostCall(client.misbehave({ deed: { case: "exits", value: 3 } }));
        assert.equal((await beside).number, 1n);
        assert.equal((await other.client.unary({ number: 2n })).number, 2n);
        const next = await open();
        assert.equal((await next.client.unary({ number: 3n })).number, 3n);
      },
    },
  ],
};

/** Who is not told of the end of a process may notice the end of its connection first. */
function assertEnded({ has }: Bench, { code }: TenonError): void {
  if (has("exit-code") || code !== "session-closed") assert.equal(code, "plugin-exited");
}
