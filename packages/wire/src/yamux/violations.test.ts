import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { createDuplexPair, withTimeout } from "@tenon/testkit";
import type { YamuxViolation } from "./error.js";
import { connectRawPeer, formatFrame, quiet } from "./raw-peer.testing.js";
import { createYamuxSession } from "./session.js";
import type { YamuxStream } from "./stream.js";

/** A server that has taken stream 1 of the peer and reads nothing, and has opened stream 2. */
async function connect() {
  const errors: unknown[] = [];
  const peer = connectRawPeer({
    role: "server",
    onStream: (stream) => stream.on("error", (error) => errors.push(error)),
  });
  peer.send(formatFrame(1, 1, 1, 0));
  (await peer.session.open()).on("error", (error) => errors.push(error));
  await peer.sees("1 2 1 0");
  return { ...peer, errors };
}

const half = Buffer.alloc(131_072);
const cases: readonly (readonly [title: string, violation: YamuxViolation, ...frames: readonly Buffer[]])[] = [
  ["another version", "version", Buffer.alloc(12, 1)],
  ["an unknown type", "frame-type", formatFrame(9, 0, 1, 0)],
  ["data for stream 0", "stream-id", formatFrame(0, 0, 0, Buffer.of(1))],
  ["an update for stream 0", "stream-id", formatFrame(1, 1, 0, 1)],
  ["a ping for a stream", "stream-id", formatFrame(2, 1, 1, 1)],
  ["a go-away for a stream", "stream-id", formatFrame(3, 0, 1, 0)],
  ["a stream with a number of ours", "stream-id", formatFrame(1, 1, 4, 0)],
  ["a frame for a stream that we never opened", "stream-id", formatFrame(1, 0, 4, 0)],
  ["a stream opened twice", "duplicate-stream", formatFrame(1, 1, 1, 0)],
  ["a second FIN", "unexpected-flag", formatFrame(1, 4, 1, 0), formatFrame(1, 4, 1, 0)],
  ["a ping that is neither", "unexpected-flag", formatFrame(2, 0, 0, 1)],
  ["more than the window in one frame", "window-exceeded", formatFrame(0, 0, 1, Buffer.alloc(262_145))],
  [
    "more than the window in three",
    "window-exceeded",
    ...[half, half, Buffer.of(1)].map((b) => formatFrame(0, 0, 1, b)),
  ],
  ["4 GiB for a stream that is gone", "window-exceeded", formatFrame(0, 0, 9, 0).fill(255, 8)],
  ["a window over 4 GiB", "window-overflow", formatFrame(1, 0, 1, 0xffff_ffff)],
];

describe("violations", () => {
  for (const [title, violation, ...frames] of cases) {
    test(`${title}: go-away 1, every stream fails, the reason has a name [WIRE-21]`, async () => {
      const peer = await connect();
      peer.send(...frames);
      const reason = await peer.session.closed;
      assert.equal(reason.kind, "violation");
      assert.equal(reason.kind === "violation" && reason.violation, violation);
      await peer.sees("3 0 0 1");
      assert.equal(peer.frames.at(-1), "3 0 0 1");
      // A stream that has the peer's FIN may still be read; it fails when it is written to.
      const failed = title === "a second FIN" ? ["session-closed"] : ["session-closed", "session-closed"];
      assert.deepEqual(
        peer.errors.map((error) => (error as { code: string }).code),
        failed,
      );
      assert.equal(peer.session.streamCount, 0);
      peer.drop();
    });
  }

  test("pings without end from a peer that reads nothing end the session, with little kept [WIRE-21]", async () => {
    const [near, far] = createDuplexPair();
    const session = createYamuxSession(near, { role: "server" });
    far.on("error", () => {});
    const flood = Buffer.concat(Array.from({ length: 5000 }, (_, id) => formatFrame(2, 1, 0, id)));
    for (let i = 0; i < 20; i++) far.write(flood);
    const reason = await withTimeout(session.closed, 5000);
    assert.equal(reason.kind === "violation" && reason.violation, "unread-answers");
    assert.ok(near.writableLength < 300_000, `${near.writableLength} bytes are kept`);
    far.destroy();
  });

  for (const [what, flags, options] of [
    ["refused", 1, { maxStreams: 0 }],
    ["taken and reset", 1 | 8, { onStream: (stream: YamuxStream) => quiet(stream).resume() }],
  ] as const) {
    test(`so do streams without end that are ${what} [WIRE-21]`, async () => {
      const [near, far] = createDuplexPair();
      const session = createYamuxSession(near, { role: "server", ...options });
      far.on("error", () => {});
      for (let i = 0; i < 30; i++) {
        far.write(Buffer.concat(Array.from({ length: 5000 }, (_, id) => formatFrame(1, flags, 1 + 2 * id, 0))));
      }
      const reason = await withTimeout(session.closed, 5000);
      assert.equal(reason.kind === "violation" && reason.violation, "unread-answers");
      assert.ok(near.writableLength < 500_000, `${near.writableLength} bytes are kept`);
      far.destroy();
    });
  }
});

describe("no violations, because Go does them", () => {
  const allowed: readonly (readonly [title: string, ...frames: readonly Buffer[]])[] = [
    ["frames for a stream that is gone", formatFrame(1, 0, 9, 5), formatFrame(0, 0, 9, half), formatFrame(1, 12, 9, 0)],
    ["payload behind a FIN", formatFrame(1, 4, 1, 0), formatFrame(0, 0, 1, Buffer.from("late"))],
    ["SYNs out of order", formatFrame(1, 1, 7, 0), formatFrame(1, 1, 5, 0), formatFrame(1, 1, 3, 0)],
    ["a number used again", formatFrame(1, 8, 1, 0), formatFrame(1, 1, 1, 0)],
    ["ACKs nobody waits for", formatFrame(1, 2, 2, 0), formatFrame(1, 2, 2, 0), formatFrame(1, 2, 1, 0)],
    ["unknown flags", formatFrame(1, 0xfff0, 1, 0), formatFrame(3, 0x10, 0, 0)],
    ["an empty data frame", formatFrame(0, 0, 1, Buffer.alloc(0))],
  ];
  for (const [title, ...frames] of allowed) {
    test(`${title} [WIRE-21]`, async () => {
      const peer = await connect();
      peer.send(...frames, formatFrame(2, 1, 0, 42));
      await peer.sees("2 2 0 42");
      peer.drop();
      assert.notEqual((await peer.session.closed).kind, "violation");
    });
  }

  test("a go-away with another code than 0 ends the session and says so [WIRE-20]", async () => {
    for (const code of [1, 2, 7]) {
      const peer = await connect();
      peer.send(formatFrame(3, 0, 0, code));
      const reason = await peer.session.closed;
      assert.equal(reason.kind === "refused" && reason.goAwayCode, code);
      peer.drop();
    }
  });
});

test("byte soup never throws, and leaves no stream behind [WIRE-21]", async () => {
  const frame = fc
    .tuple(fc.nat(4), fc.nat(15), fc.nat(6), fc.oneof(fc.nat(10), fc.constant(0xffff_ffff), fc.uint8Array()))
    .map((parts) => formatFrame(...parts));
  const soup = fc.array(
    fc.oneof(
      { weight: 8, arbitrary: frame },
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    ),
    {
      maxLength: 30,
    },
  );
  await fc.assert(
    fc.asyncProperty(soup, fc.constantFrom("client", "server"), async (list, role) => {
      const peer = connectRawPeer({ role, onStream: (stream) => stream.on("error", () => {}).resume() });
      (await peer.session.open()).on("error", () => {}).resume();
      peer.send(...list);
      await new Promise(setImmediate);
      peer.stream.end();
      await peer.session.closed;
      await new Promise(setImmediate);
      assert.equal(peer.session.streamCount, 0);
      peer.drop();
    }),
    { numRuns: 200 },
  );
});
