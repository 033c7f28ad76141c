import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createLogger } from "@tenon/plugin";
import { bindPlugin } from "@tenon/plugin/bind";
import { eventually, frameBytes, frameFlag, frameType, injectFaults, literalBlock, uint32 } from "@tenon/testkit";
import { connectSocket } from "@tenon/wire";
import { useSandbox } from "../support/sandbox.js";
import { createCountedPlugin } from "./counted.js";
import { usedBytes } from "../support/used-bytes.js";
import { clientOf } from "./load.js";
import { listenWithNeighbor } from "./neighbor.js";
import { helloOf } from "./raw-plugin.js";

useSandbox();

const yamuxHeader = (version: number, type: number, flags: number, stream: number, length: number) =>
  Buffer.concat([Buffer.from([version, type, flags >> 8, flags]), uint32(stream), uint32(length)]);

const settings = frameBytes(frameType.settings, 0, 0);
const answer = literalBlock([
  [":status", "200"],
  ["content-type", "application/grpc"],
  ["grpc-status", "0"],
]);
/** Answers to the first hundred calls of whoever calls. */
const forged = Buffer.concat(
  Array.from({ length: 100 }, (_, i) =>
    frameBytes(frameType.headers, frameFlag.endHeaders | frameFlag.endStream, 2 * i + 1, answer),
  ),
);

describe("bytes of the channel that are none end their own link, and no other [BFT-05]", () => {
  const attacks: Readonly<Record<string, readonly [isMultiplexed: boolean, bytes: Uint8Array]>> = {
    "random bytes": [false, randomBytes(65_536)],
    "an HTTP/1 answer": [false, Buffer.from("HTTP/1.1 200 OK\r\n\r\n")],
    "a frame of HTTP/2 of 16 MiB": [false, Buffer.concat([settings, Buffer.from("ffffff000000000001", "hex")])],
    "a header block without end": [
      false,
      Buffer.concat([
        settings,
        frameBytes(frameType.headers, 0, 1, answer),
        ...Array<Buffer>(2000).fill(frameBytes(frameType.continuation, 0, 1, Buffer.alloc(500, 0x40))),
      ]),
    ],
    "answers that nobody asked for": [false, Buffer.concat([settings, forged])],
    "random bytes for yamux": [true, randomBytes(65_536)],
    "another version of yamux": [true, yamuxHeader(7, 0, 0, 1, 0)],
    "a frame of yamux of 4 GiB": [true, yamuxHeader(0, 0, 0, 1, 0xffff_ffff)],
    "a thousand streams of yamux that nobody wants": [
      true,
      Buffer.concat(Array.from({ length: 1000 }, (_, i) => yamuxHeader(0, 1, 1, 2 * i + 2, 0))),
    ],
  };
  for (const [what, [multiplex, bytes]] of Object.entries(attacks)) {
    test(what, async (t) => {
      const { dial, event, listener, assertUnaffected } = await listenWithNeighbor(t, {
        session: { startTimeoutMs: 2000 },
      });
      const plugin = dial();
      plugin.send(helloOf({ multiplex }));
      await plugin.got("welcome");
      for (let at = 0; at < bytes.length; at += 60_000) {
        plugin.send({ case: "bytes", value: bytes.subarray(at, at + 60_000) });
      }
      const { reason } = await event("lost", "unmounted");
      assert.match(reason, /no session can be made/);
      const refusal = await plugin.refused();
      assert.equal(refusal.code, "goodbye");
      assert.equal(listener.session("attacker"), undefined);
      await assertUnaffected();
    });
  }
});

describe("a plugin that does not read [BFT-06]", () => {
  test("slows its own callers, who are stopped at a bound, and nobody else", async (t) => {
    const { listener, assertUnaffected } = await listenWithNeighbor(t, { heartbeatMs: 60_000 });
    const [host = "", port = ""] = listener.address.split(":");
    let stall = () => {};
    const bound = await bindPlugin(createCountedPlugin().plugin, {
      to: listener.address,
      name: "deaf",
      logger: createLogger({ name: "deaf", write: () => {} }),
      connect: () => {
        const link = injectFaults(connectSocket({ host, port: Number(port) }));
        stall = () => link.trip("stall");
        return Promise.resolve(link.stream);
      },
    });
    t.after(() => bound.destroy());
    const client = await eventually(() => clientOf(listener.session("deaf")));
    stall();
    const data = new Uint8Array(65_536);
    let taken = 0;
    const endless = async function* () {
      for (;;) yield { number: BigInt(taken++), data };
    };
    const before = await usedBytes();
    const calls = Array.from({ length: 4 }, () => client.clientStream(endless(), { timeoutMs: 1500 }));
    const ended = Promise.allSettled(calls);
    await sleep(750);
    const takenBytes = taken * data.length;
    const grownBytes = (await usedBytes()) - before;
    t.diagnostic(`${takenBytes >> 10} KiB were taken of 4 endless streams, memory grew by ${grownBytes >> 10} KiB`);
    assert.ok(takenBytes < 32 * 2 ** 20, `${takenBytes} bytes were taken`);
    assert.ok(grownBytes < 64 * 2 ** 20, `memory grew by ${grownBytes} bytes`);
    assert.ok((await ended).every(({ status }) => status === "rejected"));
    await assertUnaffected();
  });

  test("and floods the host with questions is cut off", async (t) => {
    const { dial, event, events, assertUnaffected } = await listenWithNeighbor(t);
    const plugin = dial();
    plugin.send(helloOf());
    await plugin.got("welcome");
    plugin.socket.pause();
    plugin.stream.pause();
    const before = await usedBytes();
    let [asked, mostBytes] = [0n, 0];
    while (!events.some(({ kind }) => kind === "lost")) {
      for (let i = 0; i < 1000; i++) plugin.send({ case: "beat", value: { id: asked++ } });
      await sleep(1);
      const { heapUsed, external } = process.memoryUsage();
      mostBytes = Math.max(mostBytes, heapUsed + external - before);
    }
    const { reason } = await event("lost");
    t.diagnostic(
      `after ${asked} questions: ${reason}; memory grew by ${mostBytes >> 10} KiB with those still to be sent`,
    );
    assert.match(reason, /urgent frames wait/);
    await assertUnaffected();
  });
});
