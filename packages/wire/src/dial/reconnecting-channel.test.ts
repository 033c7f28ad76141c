import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Duplex } from "node:stream";
import { Code, ConnectError, createClient, createContextValues } from "@connectrpc/connect";
import { Health } from "@tenon/core";
import { createDuplexPair, eventually, withTimeout } from "@tenon/testkit";
import * as fc from "fast-check";
import { waitForReady } from "../client/wait-for-ready.js";
import { createServer, type Server } from "../server/server.js";
import { Connector } from "./connector.js";
import { dial } from "./dial.js";
import { transitions } from "./state.js";
import { WaitingCalls } from "./waiting-calls.js";

/** Whatever can happen to a channel, in any order. */
const events = ["call", "patient call", "up", "down", "lose", "go away", "pause", "idle"] as const;

/** A place where a server is or is not, on streams in memory. */
class Place {
  isUp = true;
  server: Server | undefined;
  far: Duplex | undefined;

  readonly connect = async (): Promise<Duplex> => {
    await Promise.resolve();
    if (!this.isUp) throw new Error("nobody is there");
    const [near, far] = createDuplexPair();
    this.server = createServer().add(Health, {
      async check() {
        await new Promise(setImmediate);
        return { status: 1 };
      },
    });
    this.server.accept(far);
    this.far = far;
    return near;
  };
}

/** The status that a call ends with. */
function outcome(call: Promise<unknown>): Promise<Code | undefined> {
  return call.then(
    () => undefined,
    (error: unknown) => ConnectError.from(error).code,
  );
}

test("whatever happens: only moves of the table, every call ends, nothing is left [WIRE-30]", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...events), { maxLength: 40 }), async (script) => {
      const place = new Place();
      const channel = dial(place.connect, { initialBackoffMs: 1, maxBackoffMs: 3, idleTimeoutMs: 2 });
      const client = createClient(Health, channel.transport);
      let previousState = channel.state;
      channel.onStateChange((state, previous) => {
        assert.equal(previous, previousState);
        assert.ok(transitions[previous].includes(state));
        previousState = state;
      });
      const calls: Promise<Code | undefined>[] = [];
      for (const event of script) {
        if (event === "call") calls.push(outcome(client.check({})));
        else if (event === "patient call") {
          calls.push(outcome(client.check({}, { contextValues: createContextValues().set(waitForReady, true) })));
        } else if (event === "up") place.isUp = true;
        else if (event === "down") place.isUp = false;
        else if (event === "lose") place.far?.destroy();
        else if (event === "go away") void place.server?.close();
        else if (event === "pause") await new Promise(setImmediate);
        else await new Promise((resolve) => setTimeout(resolve, 3));
      }
      place.isUp = true;
      for (const code of await withTimeout(Promise.all(calls), 2000, "the calls")) {
        assert.ok(code === undefined || code === Code.Unavailable, String(code));
      }
      assert.equal(channel.inFlight, 0);
      await withTimeout(channel.close(), 2000, "the close");
      assert.equal(channel.state, "closed");
      place.server?.destroy();
    }),
    { numRuns: 60 },
  );
});

describe("what ends a connection for new calls", () => {
  test("no identifier is left: the next call gets another connection, those in flight go on [WIRE-33]", async () => {
    const place = new Place();
    const waiting = new WaitingCalls();
    const connector = new Connector(place.connect, {}, waiting, () => true);
    const ready = new Promise((resolve) => waiting.watch(resolve));
    connector.needChanged();
    await ready;
    const first = connector.current!;
    Object.defineProperty(first.connection.streams, "exhausted", { get: () => true });
    const again = new Promise((resolve) => waiting.watch(resolve));
    connector.needChanged();
    assert.equal(connector.current, undefined);
    await again;
    assert.notEqual(connector.current, first);
    await eventually(() => first.connection.closed !== undefined);
    assert.equal(first.connection.closed!.kind, "closed");
    await connector.close({ kind: "closed", message: "the test is over" });
  });

  test("a server that counts too many PINGs: the calls on it fail [WIRE-37]", async () => {
    const server = createServer({ minKeepaliveTimeMs: 60_000 }).add(Health, { check: () => new Promise(() => {}) });
    const channel = dial(
      () => {
        const [near, far] = createDuplexPair();
        server.accept(far);
        return near;
      },
      { keepaliveTimeMs: 5, keepaliveTimeoutMs: 1000, keepaliveWithoutCalls: true, initialBackoffMs: 1 },
    );
    const client = createClient(Health, channel.transport);
    const error = await withTimeout(
      client.check({}).then(
        () => assert.fail("answered"),
        (reason: unknown) => ConnectError.from(reason),
      ),
      5000,
    );
    assert.equal(error.code, Code.Unavailable);
    assert.match(error.rawMessage, /ENHANCE_YOUR_CALM: too_many_pings/);
    channel.destroy();
    server.destroy();
  });
});
