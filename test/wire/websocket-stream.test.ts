import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { describe, test, type TestContext } from "node:test";
import { eventually } from "@tenon/testkit";
import { maxWebSocketMessageBytes, streamFromWebSocket } from "@tenon/wire/websocket";
import * as fc from "fast-check";
import { WebSocket, WebSocketServer } from "ws";
import { asInBrowser } from "../support/browser-websocket.js";

const settings = { perMessageDeflate: false, maxPayload: maxWebSocketMessageBytes };

/** Both ends of a connection, until the end of the test. */
async function connect(t: Pick<TestContext, "after">): Promise<{ readonly near: WebSocket; readonly far: WebSocket }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(new WebSocketServer({ ...settings, server }), "connection") as Promise<[WebSocket]>;
  const near = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, settings);
  await once(near, "open");
  const [far] = await accepted;
  t.after(() => {
    near.terminate();
    far.terminate();
    server.close();
  });
  return { near, far };
}

async function streams(t: Pick<TestContext, "after">, dress?: typeof asInBrowser) {
  const { near, far } = await connect(t);
  return [streamFromWebSocket(dress === undefined ? near : dress(near)), streamFromWebSocket(far)] as const;
}

/** How many bytes came until the end. */
async function count(stream: Duplex): Promise<number> {
  let bytes = 0;
  stream.on("data", (chunk: Buffer) => (bytes += chunk.length));
  await once(stream, "end");
  return bytes;
}

/** "end", or what failed. */
function endOf(stream: Duplex): Promise<string> {
  return new Promise((resolve) => {
    stream.once("end", () => resolve("end"));
    stream.once("error", (error) => resolve(error.message));
  });
}

async function failure(stream: Duplex): Promise<string> {
  const [error] = (await once(stream, "error")) as [Error];
  return error.message;
}

async function closeCode(socket: WebSocket): Promise<number> {
  const [code] = (await once(socket, "close")) as [number];
  return code;
}

for (const [name, dress] of Object.entries({ "the library's": undefined, "a browser's": asInBrowser })) {
  describe(`a byte stream on a WebSocket, ${name}`, () => {
    test("whatever the sizes, the bytes arrive in order [BIND-40]", async (t) => {
      const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 60_000, max: 700_000 })), {
        maxLength: 10,
      });
      await fc.assert(
        fc.asyncProperty(sizes, fc.boolean(), async (lengths, isBackwards) => {
          const [near, far] = await streams(t, dress);
          const [from, to] = isBackwards ? [far, near] : [near, far];
          const chunks = lengths.map((length, i) => Buffer.alloc(length, i + 1));
          const got: Buffer[] = [];
          to.on("data", (chunk: Buffer) => got.push(chunk));
          const ended = once(to, "end");
          for (const chunk of chunks) from.write(chunk);
          from.end();
          await ended;
          assert.equal(Buffer.compare(Buffer.concat(got), Buffer.concat(chunks)), 0);
        }),
        { numRuns: 15 },
      );
    });

    test("a writer waits for the other side to read, and then goes on [BIND-46]", async (t) => {
      const [near, far] = await streams(t, dress);
      const chunk = Buffer.alloc(65_536);
      const total = 1024;
      let taken = 0;
      let written = 0;
      const write = (): void => {
        while (written < total) {
          written++;
          if (!near.write(chunk, () => taken++)) return void near.once("drain", write);
        }
        near.end();
      };
      write();
      let last = -1;
      // What the kernel holds of a connection on one machine is a few MiB.
      await eventually(
        () => {
          const isAtRest = taken === last;
          last = taken;
          return isAtRest && taken > 0;
        },
        { intervalMs: 300 },
      );
      t.diagnostic(`${taken * 64} of ${total * 64} KiB were taken of a writer whose reader did not read`);
      assert.ok(taken < total / 2, `${taken} of ${total} chunks were taken`);
      assert.ok(written - taken <= 4, `${written - taken} chunks wait in the stream`);
      assert.equal(await count(far), total * chunk.length);
    });

    test("its end is a Close frame with 1000 behind what was written [BIND-45]", async (t) => {
      const { near, far } = await connect(t);
      const stream = streamFromWebSocket(dress === undefined ? near : dress(near));
      const code = closeCode(far);
      const ended = once(stream.resume(), "close");
      let bytes = 0;
      far.on("message", (data: Buffer) => (bytes += data.length));
      stream.end(Buffer.alloc(300_000));
      assert.deepEqual([await code, bytes], [1000, 300_000]);
      await ended;
    });

    test("1000 from the other side is the end, and another code a failure that names it [BIND-45]", async (t) => {
      for (const [code, expected] of [
        [1000, "end"],
        [undefined, "end"],
        [1001, "the other side closed the WebSocket with 1001: gone"],
        [4000, "the other side closed the WebSocket with 4000: gone"],
      ] as const) {
        const { near, far } = await connect(t);
        const stream = streamFromWebSocket(dress === undefined ? near : dress(near));
        const end = endOf(stream);
        stream.resume();
        far.close(code, code === undefined ? undefined : "gone");
        assert.equal(await end, expected);
        if (!stream.closed) await once(stream, "close");
      }
    });

    test("a connection that is cut fails it [BIND-45]", async (t) => {
      const { near, far } = await connect(t);
      const stream = streamFromWebSocket(dress === undefined ? near : dress(near));
      far.terminate();
      assert.equal(await failure(stream.resume()), "the connection of the WebSocket was cut");
    });

    test("destroying it is a reset for the other side [BIND-45]", async (t) => {
      const { near, far } = await connect(t);
      const code = closeCode(far);
      streamFromWebSocket(dress === undefined ? near : dress(near)).destroy();
      assert.equal(await code, dress === undefined ? 1006 : 4000);
    });

    test("a text message ends it [BIND-44]", async (t) => {
      const { near, far } = await connect(t);
      const code = closeCode(far);
      const stream = streamFromWebSocket(dress === undefined ? near : dress(near));
      far.send("text");
      assert.match(await failure(stream), /text message/);
      assert.equal(await code, dress === undefined ? 1003 : 4000);
    });
  });
}

test("a message over the limit ends it with 1009, and none over it is sent [BIND-44]", async (t) => {
  const { near, far } = await connect(t);
  const stream = streamFromWebSocket(near);
  const sizes: number[] = [];
  far.on("message", (data: Buffer) => sizes.push(data.length));
  stream.write(Buffer.alloc(5 * maxWebSocketMessageBytes));
  await eventually(() => sizes.reduce((sum, size) => sum + size, 0) === 5 * maxWebSocketMessageBytes);
  assert.ok(Math.max(...sizes) <= maxWebSocketMessageBytes);
  const code = closeCode(far);
  far.send(Buffer.alloc(maxWebSocketMessageBytes + 1));
  assert.match(await failure(stream), /the WebSocket failed: Max payload size exceeded/);
  assert.equal(await code, 1009);
});
