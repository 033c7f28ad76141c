import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, createContextValues, type HandlerContext } from "@connectrpc/connect";
import { Health } from "@tenon/core";
import { currentCall, HandledCall } from "./handled-calls.js";

function createContext(id: string) {
  const controller = new AbortController();
  const context: HandlerContext = {
    service: Health,
    method: Health.method.check,
    requestMethod: "POST",
    protocolName: "grpc",
    url: "",
    signal: controller.signal,
    timeoutMs: () => 1000,
    requestHeader: new Headers({ "tenon-call-id": id }),
    responseHeader: new Headers(),
    responseTrailer: new Headers(),
    values: createContextValues(),
  };
  return { context, controller };
}

const currentId = () => {
  const outer = currentCall();
  return outer && new Headers(outer.headersFor(undefined)).get("tenon-call-id");
};

/** Runs `act` as a handler, to its end. */
async function handle<T>(id: string, act: (cancel: () => void) => Promise<T>): Promise<T> {
  const { context, controller } = createContext(id);
  const call = new HandledCall(context, "app", 128);
  call.begin();
  try {
    return await call.within(() => act(() => controller.abort(new ConnectError("cancelled", Code.Canceled))));
  } finally {
    call.end();
    controller.abort(new ConnectError("answered", Code.Canceled));
  }
}

test("there is none outside of a handler, and each handler has its own, through all it waits for", async () => {
  assert.equal(currentCall(), undefined);
  const ids = Array.from({ length: 20 }, (_, index) => `call ${index}`);
  const seen = await Promise.all(
    ids.map((id, index) =>
      handle(id, async () => {
        const all = [currentId()];
        await sleep(index % 5);
        all.push(currentId());
        await Promise.all([1, 2].map(async () => all.push(currentId())));
        all.push(await new Promise((resolve) => setImmediate(() => resolve(currentId()))));
        return all;
      }),
    ),
  );
  assert.deepEqual(
    seen,
    ids.map((id) => [id, id, id, id, id]),
  );
  assert.equal(currentCall(), undefined);
});

test("a handler within another is the one that counts", async () => {
  await handle("outer", async () => {
    await handle("inner", async () => assert.equal(currentId(), "inner"));
    assert.equal(currentId(), "outer");
  });
});

test("what a handler leaves behind acts for itself, also while others are at work [CTX-02]", async () => {
  let left!: Promise<unknown>;
  await handle("first", async () => {
    left = sleep(10).then(() => currentCall());
  });
  await handle("second", async () => {
    assert.equal(await left, undefined);
    assert.equal(currentId(), "second");
  });
});

test("calls within are aborted when the call is cancelled, not when it is answered [CTX-02]", async () => {
  const { signal: cancelled } = await handle("a", async (cancel) => {
    const outer = currentCall()!;
    assert.equal(outer.signal?.aborted, false);
    cancel();
    assert.equal(ConnectError.from(outer.signal?.reason).code, Code.Canceled);
    // Also for those that are made later.
    assert.equal(currentCall()!.signal?.aborted, true);
    return outer;
  });
  assert.equal(cancelled?.aborted, true);
  const answered = await handle("b", async () => currentCall()!.signal!);
  await sleep(1);
  assert.equal(answered.aborted, false);
});

test("it comes and goes as often as there are handlers", async () => {
  for (let round = 0; round < 100; round++) {
    await handle(`${round}`, async () => {
      await sleep(0);
      assert.equal(currentId(), `${round}`);
    });
    assert.equal(currentCall(), undefined);
  }
});
