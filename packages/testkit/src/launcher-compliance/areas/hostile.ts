import assert from "node:assert/strict";
import { Code, ConnectError } from "@connectrpc/connect";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { MisdeedSchema } from "../../gen/tenon/testkit/v1/specimen_pb.js";
import { failure } from "../../streams/compliance/rig.js";
import type { Bench, LauncherArea } from "../case.js";

type Deed = NonNullable<MessageInitShape<typeof MisdeedSchema>["deed"]>;

/** Lines of a flood: 10 MB. */
const floodLines = 100_000;

/**
 * Has one instance do harm while another one is called all the time, and the host's own event loop is watched. Resolves when the
 * call that did the harm has ended.
 */
async function harm({ client, open }: Bench, deed: Deed, timeoutMs: number): Promise<ConnectError | undefined> {
  const other = await open();
  const harming = new AbortController();
  const outcome = client
    .misbehave({ deed }, { timeoutMs })
    .then(
      () => undefined,
      (error: unknown) => ConnectError.from(error),
    )
    .finally(() => harming.abort());
  let number = 0n;
  do {
    assert.equal((await other.client.unary({ number }, { timeoutMs: 20_000 })).number, number);
    number++;
    await new Promise((resolve) => setTimeout(resolve, 5));
  } while (!harming.signal.aborted || number < 20n);
  return outcome;
}

/** Handlers that do harm, which is to stay where it is done. */
export const hostile: LauncherArea = {
  name: "hostile",
  cases: [
    {
      what: "a handler that never gives its thread back: its call ends by deadline, others go on, a stop ends it",
      needs: ["block"],
      async run(bench) {
        const error = await harm(bench, { case: "blocks", value: true }, 500);
        assert.equal(error?.code, Code.DeadlineExceeded);
        await bench.session.stop();
      },
    },
    {
      what: "a handler that fills its heap: its instance ends, others go on",
      needs: ["heap"],
      request: { maxHeapMiB: 64 },
      patience: 2,
      async run(bench) {
        const error = await harm(bench, { case: "fillsHeap", value: true }, 50_000);
        assert.equal(error?.code, Code.Unavailable, String(error));
        await bench.session.closed;
      },
    },
    {
      what: "a handler that fills memory outside its heap: its instance ends, others go on",
      needs: ["buffers"],
      request: { maxBuffersMiB: 64 },
      async run(bench) {
        const error = await harm(bench, { case: "fillsBuffers", value: 1024 }, 50_000);
        assert.equal(error?.code, Code.Unavailable, String(error));
        await bench.session.closed;
      },
    },
    {
      what: "a handler that floods standard output gets its answer, and so do all others",
      needs: ["prints"],
      async run(bench) {
        assert.equal(await harm(bench, { case: "prints", value: floodLines }, 30_000), undefined);
        assert.equal((await bench.client.unary({ number: 1n })).number, 1n);
      },
    },
    {
      what: "an error that a timer throws ends its instance at most",
      needs: ["stray-errors"],
      async run(bench) {
        await harm(bench, { case: "throwsLater", value: true }, 5000);
        await endsOrAnswers(bench);
      },
    },
    {
      what: "a rejection that nobody handles ends its instance at most",
      needs: ["stray-errors"],
      async run(bench) {
        await harm(bench, { case: "rejectsLater", value: true }, 5000);
        await endsOrAnswers(bench);
      },
    },
    {
      what: "an instance that has done harm can be stopped, and a new one starts",
      needs: ["block"],
      async run({ client, session, open }) {
        await failure(
          client.misbehave({ deed: { case: "blocks", value: true } }, { timeoutMs: 200 }),
          Code.DeadlineExceeded,
        );
        await session.stop();
        assert.equal((await (await open()).client.unary({ number: 4n })).number, 4n);
      },
    },
  ],
};

/** Both are right after a stray error: the instance has ended, or it still works. */
async function endsOrAnswers({ client, session, say }: Bench): Promise<void> {
  const ended = session.closed.then(() => "ended");
  const moment = new Promise<string>((resolve) => setTimeout(resolve, 1000, "lives on"));
  const outcome = await Promise.race([ended, moment]);
  say(`the instance ${outcome}`);
  if (outcome === "ended") await failure(client.unary({}), Code.Unavailable);
  else await client.unary({});
}
