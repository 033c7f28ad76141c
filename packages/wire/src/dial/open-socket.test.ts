import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { test } from "node:test";
import { getEventListeners } from "node:events";
import { openSocket } from "./open-socket.js";

async function listen(t: { after(act: () => void): void }, onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer(onSocket).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  return (server.address() as { port: number }).port;
}

test("resolves with a socket that stands, and keeps nothing of the signal", async (t) => {
  const port = await listen(t, (socket) => socket.end("hello"));
  const { signal } = new AbortController();
  const socket = await openSocket({ port, host: "127.0.0.1" }, signal);
  const [bytes] = (await once(socket, "data")) as [Buffer];
  assert.equal(bytes.toString(), "hello");
  assert.deepEqual(getEventListeners(signal, "abort"), []);
  socket.destroy();
});

test("rejects with the system's error where nobody listens", async () => {
  const { signal } = new AbortController();
  await assert.rejects(openSocket({ path: "/nowhere/x" }, signal), { code: "ENOENT" });
  assert.deepEqual(getEventListeners(signal, "abort"), []);
});

test("rejects with the signal's reason, before and while it connects, and lets go of the socket", async (t) => {
  const sockets: Socket[] = [];
  const port = await listen(t, (socket) => sockets.push(socket));
  const reason = new Error("enough");
  await assert.rejects(openSocket({ port, host: "127.0.0.1" }, AbortSignal.abort(reason)), reason);
  const controller = new AbortController();
  const opening = openSocket({ port, host: "127.0.0.1" }, controller.signal);
  controller.abort(reason);
  await assert.rejects(opening, reason);
  for (const socket of sockets) if (!socket.closed) await once(socket.resume(), "close");
});
