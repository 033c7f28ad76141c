import assert from "node:assert/strict";
import { once } from "node:events";
import { after, describe, test } from "node:test";
import { createDuplexPair, eventually, injectFaults } from "@tenon/testkit";
import * as fc from "fast-check";
import { connectRawPeer, connectSessions, formatFrame, quiet, readAll, readText } from "./raw-peer.testing.js";
import { createYamuxSession } from "./session.js";
import type { YamuxStream } from "./stream.js";

// Streams in memory do not keep a process alive, and the session's timers are not meant to.
const alive = setInterval(() => {}, 1000);
after(() => clearInterval(alive));

/** Sends everything back, end included. */
function echo(stream: YamuxStream): void {
  stream.pipe(stream);
}

describe("streams", () => {
  test("either side opens, with odd and even numbers, and both end [WIRE-16] [WIRE-17]", async () => {
    const pair = connectSessions({ onStream: echo }, { onStream: echo });
    for (const [session, ids] of [
      [pair.client, [1, 3]],
      [pair.server, [2, 4]],
    ] as const) {
      const streams = [await session.open(), await session.open()];
      assert.deepEqual(
        streams.map(({ id }) => id),
        ids,
      );
      for (const stream of streams) stream.end(`hello ${stream.id}`);
      assert.deepEqual(
        await Promise.all(streams.map(readText)),
        ids.map((id) => `hello ${id}`),
      );
    }
    await eventually(() => pair.client.streamCount === 0 && pair.server.streamCount === 0);
    await pair.client.close();
  });

  test("the peer's streams can be iterated over, which ends with the session [WIRE-16]", async () => {
    const { client, server } = connectSessions();
    const seen: string[] = [];
    const iterate = async () => {
      for await (const stream of server) {
        stream.end();
        seen.push(`${stream.id} ${await readText(stream)}`);
      }
    };
    const done = iterate();
    for (const word of ["a", "b"]) (await client.open()).end(word);
    await eventually(() => seen.length === 2);
    await client.close({ graceMs: 0 });
    await done;
    assert.deepEqual(seen, ["1 a", "3 b"]);
  });

  test("half close: what the other side says after our end arrives [WIRE-17]", async () => {
    const { client } = connectSessions(
      {},
      {
        onStream: (stream) => {
          void readText(stream).then((said) => stream.end(`you said ${said}`));
        },
      },
    );
    const stream = await client.open();
    stream.end("enough");
    assert.equal(await readText(stream), "you said enough");
    await client.close();
  });

  test("destroy is a reset at the other end, and nobody else's business [WIRE-17]", async () => {
    const { client, server } = connectSessions();
    const [kept, gone] = [await client.open(), await client.open()];
    const accepted = server[Symbol.asyncIterator]();
    const [keptThere, goneThere] = [(await accepted.next()).value!, (await accepted.next()).value!];
    gone.destroy();
    const [error] = (await once(goneThere, "error")) as [Error];
    assert.equal((error as { code?: string }).code, "reset");
    kept.end("still here");
    keptThere.end();
    assert.equal(await readText(keptThere), "still here");
    kept.resume();
    assert.equal((await client.close()).kind, "closed");
  });

  test("a larger window is announced with SYN and with ACK [WIRE-18]", async () => {
    const peer = connectRawPeer({ role: "client", streamWindowBytes: 1 << 20, onStream: quiet });
    const stream = await peer.session.open();
    stream.on("error", () => {});
    peer.send(formatFrame(1, 1, 2, 0));
    await peer.sees(`1 2 2 ${(1 << 20) - (1 << 18)}`);
    assert.equal(peer.frames[0], `1 1 1 ${(1 << 20) - (1 << 18)}`);
    peer.drop();
    await peer.session.closed;
  });

  test("SYN and FIN may ride on data frames [WIRE-15]", async () => {
    const seen: Promise<string>[] = [];
    const peer = connectRawPeer({ role: "server", onStream: (stream) => seen.push(readText(stream.end())) });
    peer.send(formatFrame(0, 1 | 4, 1, Buffer.from("all at once")));
    await peer.sees("1 4 1 0").catch(() => peer.sees("1 6 1 0"));
    assert.deepEqual(await Promise.all(seen), ["all at once"]);
    assert.equal(peer.session.streamCount, 0);
    peer.drop();
  });
});

describe("flow control", () => {
  test("a writer stops at the window and at the byte stream, and a reader gives back at half [WIRE-18]", async () => {
    const peer = connectRawPeer({ role: "client" });
    const stream = await peer.session.open();
    stream.on("error", () => {});
    const written = new Promise((resolve) => stream.write(Buffer.alloc(300_000), resolve));
    const sent = () =>
      peer.frames.filter((each) => each.startsWith("0 ")).reduce((sum, each) => sum + Number(each.split(" ")[3]), 0);
    await eventually(() => sent() === 262_144);
    peer.send(formatFrame(1, 2, 1, 37_855));
    await eventually(() => sent() === 299_999);
    peer.send(formatFrame(1, 0, 1, 1));
    await written;
    await eventually(() => sent() === 300_000);

    peer.frames.length = 0;
    peer.send(formatFrame(0, 0, 1, Buffer.alloc(131_071)), formatFrame(2, 1, 0, 7));
    await peer.sees("2 2 0 7");
    stream.read();
    peer.send(formatFrame(0, 0, 1, Buffer.alloc(1)), formatFrame(2, 1, 0, 8));
    await peer.sees("2 2 0 8");
    assert.deepEqual(peer.frames.slice(0, 2), ["2 2 0 7", "2 2 0 8"], "a reader that has read nothing gives nothing");
    stream.resume();
    await peer.sees("1 0 1 131072");
    peer.drop();
    await peer.session.closed;
  });

  test("a reader that does not read stops its writer and nobody else [WIRE-18]", async () => {
    const { client, server } = connectSessions();
    const accepted = server[Symbol.asyncIterator]();
    const slow = await client.open();
    const slowThere = (await accepted.next()).value!;
    let acknowledged = 0;
    for (let i = 0; i < 40; i++) slow.write(Buffer.alloc(50_000), () => (acknowledged += 50_000));
    const quick = await client.open();
    echo((await accepted.next()).value);
    quick.end(Buffer.alloc(2 << 20, 5));
    assert.ok((await readAll(quick)).equals(Buffer.alloc(2 << 20, 5)));
    assert.ok(acknowledged <= 262_144 + 65_536, `${acknowledged} bytes were acknowledged though nothing was read`);
    slow.end();
    slowThere.end();
    slow.resume();
    assert.equal((await readAll(slowThere)).length, 2_000_000);
    await client.close();
  });

  test("a peer that reads nothing at all holds up writers, not memory [WIRE-18]", async () => {
    const [near] = createDuplexPair({ highWaterMarkBytes: 1024 });
    const client = createYamuxSession(near, { role: "client" });
    for (let i = 0; i < 100; i++) {
      const stream = await client.open();
      stream.on("error", () => {});
      stream.write(Buffer.alloc(200_000));
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(near.writableLength < 700_000, `${near.writableLength} bytes wait in the byte stream`);
    client.destroy();
    near.destroy();
  });

  test("any traffic on any byte stream arrives whole and in order [WIRE-15] [WIRE-16] [WIRE-17] [WIRE-18]", async () => {
    const traffic = fc.array(
      fc.record({
        byClient: fc.boolean(),
        writes: fc.array(fc.oneof(fc.nat(20), fc.nat(5000), fc.nat(300_000)), { maxLength: 6 }),
        pauseMs: fc.nat(3),
      }),
      { minLength: 1, maxLength: 8 },
    );
    const pieces = fc.constantFrom(undefined, 7, 1000, 10_000);
    await fc.assert(
      fc.asyncProperty(traffic, pieces, async (list, pieceBytes) => {
        const [near, far] = createDuplexPair();
        const bytes = list.reduce((sum, { writes }) => writes.reduce((all, each) => all + each, sum), 0);
        const size = bytes > 20_000 && pieceBytes === 7 ? 1000 : pieceBytes;
        const chunks = size === undefined ? {} : { readChunkBytes: size, writeChunkBytes: size };
        const { stream } = injectFaults(near, chunks);
        const { client, server } = connectSessions({ onStream: echo }, { onStream: echo }, [stream, far]);
        await Promise.all(
          list.map(async ({ byClient, writes, pauseMs }, index) => {
            const stream = await (byClient ? client : server).open();
            const back = readAll(stream);
            const sent = writes.map((length, i) => Buffer.alloc(length, index * 16 + i));
            for (const each of sent) {
              stream.write(each);
              if (pauseMs === 0) await new Promise((resolve) => setTimeout(resolve, 1));
            }
            stream.end();
            assert.ok((await back).equals(Buffer.concat(sent)));
          }),
        );
        assert.equal((await client.close()).kind, "closed");
        assert.equal((await server.closed).kind, "goaway");
      }),
      { numRuns: 25 },
    );
  });

  test("a buffer may be used again once its write is acknowledged", async () => {
    const { client } = connectSessions({}, { onStream: echo });
    const stream = await client.open();
    const scratch = Buffer.alloc(100_000);
    const back = readAll(stream);
    for (let i = 1; i <= 5; i++) {
      const part = scratch.subarray(0, i % 2 === 0 ? 1000 : 100_000).fill(i);
      await new Promise((resolve) => stream.write(part, resolve));
      scratch.fill(99);
    }
    stream.end();
    const expected = [1, 2, 3, 4, 5].map((i) => Buffer.alloc(i % 2 === 0 ? 1000 : 100_000, i));
    assert.ok((await back).equals(Buffer.concat(expected)));
    await client.close();
  });
});
