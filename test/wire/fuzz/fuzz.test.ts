import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ConnectError, createClient } from "@connectrpc/connect";
import { clientPreface, createDuplexPair, frameErrorName, frameType, RawPeer, withTimeout } from "@tenon/testkit";
import { createChannel, createServer } from "@tenon/wire";
import { Echo } from "../../gen/tenon/test/v1/echo_pb.js";
import { corpus } from "./corpus.js";
import { randomFrame } from "./frames.js";
import { Random } from "./random.js";

/** Longer runs and the repetition of one: TENON_FUZZ_MS=600000, TENON_FUZZ_SEED=1. */
const budgetMs = Number(process.env["TENON_FUZZ_MS"] ?? 2500);
const firstSeed = Number(process.env["TENON_FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

const server = createServer({ maxReceiveMessageBytes: 1 << 20 }).add(Echo, {
  unary: (request) => request,
  async *bidi(requests) {
    yield* requests;
  },
});

/** Bytes in pieces as a byte stream may deliver them. */
async function write(peer: RawPeer, bytes: Buffer, random: Random): Promise<void> {
  for (let at = 0; at < bytes.length && !peer.stream.destroyed; ) {
    const end = random.below(3) === 0 ? at + 1 + random.below(40) : bytes.length;
    peer.stream.write(bytes.subarray(at, end));
    at = end;
  }
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A fault of ours would end the connection with INTERNAL_ERROR. */
function assertNoFault(peer: RawPeer): void {
  const goaway = peer.frames.find(({ type }) => type === frameType.goaway);
  if (goaway === undefined) return;
  assert.notEqual(frameErrorName(goaway.payload.readUInt32BE(4)), "INTERNAL_ERROR", goaway.payload.toString("latin1"));
}

async function attackServer(bytes: Buffer, random: Random): Promise<void> {
  const [near, far] = createDuplexPair();
  server.accept(far);
  const peer = new RawPeer(near);
  near.write(clientPreface);
  await write(peer, bytes, random);
  assertNoFault(peer);
  near.destroy();
}

async function attackClient(bytes: Buffer, random: Random): Promise<void> {
  const [near, far] = createDuplexPair();
  const peer = new RawPeer(far, clientPreface.length);
  const channel = createChannel(near, { maxReceiveMessageBytes: 1 << 20 });
  const client = createClient(Echo, channel.transport);
  const outcomes = [
    client.unary({ chunks: [Buffer.from("one")] }),
    (async () => {
      for await (const _ of client.serverStream({})) assert.ok(true);
    })(),
  ].map((call) =>
    call.then(
      () => {},
      (error: unknown) => assert.ok(error instanceof ConnectError, String(error)),
    ),
  );
  await write(peer, bytes, random);
  assertNoFault(peer);
  far.destroy();
  await withTimeout(Promise.all([...outcomes, channel.closed]), 5000, "the end of every call");
}

const targets = [
  ["server", attackServer],
  ["client", attackClient],
] as const;

describe("no input breaks the engine", () => {
  for (const [role, attack] of targets) {
    test(`the corpus, on a ${role}`, async () => {
      for (const [what, hex] of corpus) {
        await attack(Buffer.from(hex.replaceAll(" ", ""), "hex"), new Random(1)).catch((error: unknown) => {
          throw new Error(`${what}: ${String(error)}`, { cause: error });
        });
      }
    });

    test(`frames of every type, length, flag and stream state, on a ${role}`, async (t) => {
      const end = performance.now() + budgetMs;
      let seed = firstSeed;
      for (; performance.now() < end; seed++) {
        const random = new Random(seed);
        const frames = Array.from({ length: 1 + random.below(25) }, () => randomFrame(random));
        if (random.below(10) > 0) frames.unshift(Buffer.from("000000040000000000", "hex"));
        if (random.below(10) === 0) frames.push(random.bytes(random.below(200)));
        try {
          await attack(Buffer.concat(frames), random);
        } catch (error) {
          throw new Error(`seed ${seed}: ${String(error)}\n${Buffer.concat(frames).toString("hex")}`, { cause: error });
        }
      }
      t.diagnostic(`seeds ${firstSeed} to ${seed - 1}`);
    });
  }

  test("nothing of it stays", async () => {
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(server.connectionCount, 0);
    assert.equal(server.inFlight, 0);
    await server.close();
  });
});
