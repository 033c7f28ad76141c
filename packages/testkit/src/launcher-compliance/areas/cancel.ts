import assert from "node:assert/strict";
import { Code } from "@connectrpc/connect";
import { failure } from "../../streams/compliance/rig.js";
import { eventually } from "../../timing.js";
import { drain, type LauncherArea, untilFacts } from "../case.js";

/** Callers that give up. */
export const cancel: LauncherArea = {
  name: "cancel",
  cases: [
    {
      what: "a call whose signal has aborted before it fails, and no handler hears of it",
      async run({ client, tag }) {
        const signal = AbortSignal.abort();
        await failure(client.unary({ tag }, { signal }), Code.Canceled);
        assert.equal((await client.look({ tag })).begun, 0n);
      },
    },
    {
      what: "a stream whose signal has aborted before it fails, and no handler hears of it",
      needs: ["streams"],
      async run({ client, tag }) {
        const signal = AbortSignal.abort();
        await failure(drain(client.serverStream({ tag, count: 1 }, { signal })), Code.Canceled);
        const tasks = async function* () {
          yield { tag };
        };
        await failure(client.clientStream(tasks(), { signal }), Code.Canceled);
        await failure(drain(client.bidi(tasks(), { signal })), Code.Canceled);
        assert.equal((await client.look({ tag })).begun, 0n);
      },
    },
    {
      what: "an abort ends the call at once for its caller",
      async run({ client }) {
        const abort = new AbortController();
        const call = failure(client.unary({ delayMs: 500 }, { signal: abort.signal }), Code.Canceled);
        setTimeout(() => abort.abort(), 20);
        await call;
        await client.unary({});
      },
    },
    {
      what: "an abort reaches the handler's signal",
      needs: ["abort"],
      async run(bench) {
        const { client, tag } = bench;
        const abort = new AbortController();
        const call = failure(client.unary({ tag, hang: true }, { signal: abort.signal }), Code.Canceled);
        await untilFacts(bench, ({ running }) => running === 1);
        abort.abort();
        await call;
        await untilFacts(bench, ({ aborted, running }) => aborted === 1 && running === 0);
      },
    },
    {
      what: "an abort reaches the handlers of streams",
      needs: ["abort", "streams"],
      async run(bench) {
        const { client, tag } = bench;
        const abort = new AbortController();
        const { signal } = abort;
        const tasks = async function* () {
          yield { tag, hang: true };
        };
        const calls = [
          drain(client.serverStream({ tag, hang: true, count: 1 }, { signal })),
          client.clientStream(tasks(), { signal }),
          drain(client.bidi(tasks(), { signal })),
        ].map((call) => failure(call, Code.Canceled));
        await untilFacts(bench, ({ running }) => running === 3);
        abort.abort();
        await Promise.all(calls);
        await untilFacts(bench, ({ aborted, running }) => aborted === 3 && running === 0);
      },
    },
    {
      what: "a reader that leaves early ends its stream, and the handler's generator with it",
      needs: ["abort", "streams"],
      async run(bench) {
        const { client, tag } = bench;
        for await (const _ of client.serverStream({ tag, count: 1_000_000 })) break;
        await untilFacts(bench, ({ begun, running }) => begun === 1n && running === 0);
        const { produced } = await client.look({ tag });
        assert.ok(produced < 1_000_000n, "the handler went on to its end");
      },
    },
    {
      what: "a call that ends early lets go of its stream of requests",
      needs: ["streams", "codes"],
      async run({ client }) {
        const returned = new AbortController();
        const tasks = async function* () {
          try {
            yield { status: Code.Aborted };
            for (;;) {
              yield {};
              await new Promise((resolve) => setTimeout(resolve, 1));
            }
          } finally {
            returned.abort();
          }
        };
        await failure(client.clientStream(tasks()), Code.Aborted);
        await eventually(() => returned.signal.aborted, { what: "the end of the generator of the requests" });
      },
    },
    {
      what: "a hundred calls that are aborted while others go on",
      needs: ["concurrency"],
      async run(bench) {
        const { client, tag } = bench;
        const calls = Array.from({ length: 200 }, async (_, i) => {
          if (i % 2 === 0) {
            assert.equal((await client.unary({ tag, number: BigInt(i), delayMs: 20 })).number, BigInt(i));
            return;
          }
          const abort = new AbortController();
          const call = failure(client.unary({ tag, delayMs: 500 }, { signal: abort.signal }), Code.Canceled);
          setTimeout(() => abort.abort(), i % 30);
          await call;
        });
        await Promise.all(calls);
        await untilFacts(bench, ({ running }) => running === 0);
      },
    },
  ],
};
