import assert from "node:assert/strict";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { createDuplexPair } from "./duplex-pair.js";
import { type Faults, type FaultyStream, injectFaults } from "./fault-injection.js";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function pair(faults?: Faults): { faulty: FaultyStream; peer: Duplex } {
  const [inner, peer] = createDuplexPair();
  return { faulty: injectFaults(inner, faults), peer };
}

test("without faults everything passes, ends included", async () => {
  const { faulty, peer } = pair();
  faulty.stream.end("ping");
  peer.end("pong");
  assert.deepEqual(await Promise.all([text(peer), text(faulty.stream)]), ["ping", "pong"]);
});

test("writes are split into pieces of the given size", async () => {
  const { faulty, peer } = pair({ writeChunkBytes: 2 });
  const sizes: number[] = [];
  peer.on("data", (chunk: Buffer) => sizes.push(chunk.length));
  faulty.stream.end("hello");
  await once(peer, "end");
  assert.deepEqual(sizes, [2, 2, 1]);
});

test("reads are split into single bytes", async () => {
  const { faulty, peer } = pair({ readChunkBytes: 1 });
  const pieces: string[] = [];
  faulty.stream.on("data", (chunk: Buffer) => pieces.push(chunk.toString()));
  peer.end("abc");
  await once(faulty.stream, "end");
  assert.deepEqual(pieces, ["a", "b", "c"]);
});

test("a stall holds bytes back until it is released", async () => {
  const { faulty, peer } = pair({ fault: "stall", afterBytes: 3 });
  let seen = "";
  peer.on("data", (chunk: Buffer) => {
    seen += chunk.toString();
  });
  faulty.stream.end("abcdef");
  await pause(20);
  assert.equal(seen, "abc");
  faulty.release();
  await once(peer, "end");
  assert.equal(seen, "abcdef");
});

test("a stall of the reading side keeps what has arrived", async () => {
  const { faulty, peer } = pair({ fault: "stall", afterBytes: 2, direction: "read" });
  let seen = "";
  faulty.stream.on("data", (chunk: Buffer) => {
    seen += chunk.toString();
  });
  peer.end("abcdef");
  await pause(20);
  assert.equal(seen, "ab");
  faulty.release();
  await once(faulty.stream, "end");
  assert.equal(seen, "abcdef");
});

test("a reset lets exactly the given bytes pass and fails both ends", async () => {
  const { faulty, peer } = pair({ fault: "reset", afterBytes: 4 });
  let seen = "";
  peer.on("data", (chunk: Buffer) => {
    seen += chunk.toString();
  });
  const peerError = once(peer, "error");
  const ownError = once(faulty.stream, "error");
  faulty.stream.write("ab");
  faulty.stream.write("cd");
  faulty.stream.write("ef");
  const errors = (await Promise.all([ownError, peerError])) as [NodeJS.ErrnoException][];
  assert.deepEqual(
    errors.map(([error]) => error.code),
    ["ECONNRESET", "ECONNRESET"],
  );
  assert.equal(seen, "abcd");
});

test("a half-open stream swallows writes and shows no end", async () => {
  const { faulty, peer } = pair();
  let ended = false;
  faulty.stream.on("end", () => {
    ended = true;
  });
  faulty.stream.resume();
  faulty.trip("half-open");
  let seen = 0;
  peer.on("data", (chunk: Buffer) => {
    seen += chunk.length;
  });
  await new Promise((resolve) => faulty.stream.write("into the void", resolve));
  peer.end("unseen");
  await pause(20);
  assert.equal(seen, 0);
  assert.equal(ended, false);
  faulty.stream.destroy();
  peer.destroy();
});

test("a proper end in the middle of the data is seen by the peer as end of stream", async () => {
  const { faulty, peer } = pair({ fault: "end", afterBytes: 3 });
  faulty.stream.on("error", () => {});
  faulty.stream.write("abcdef");
  assert.equal(await text(peer), "abc");
});
