import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type NetConnectOpts, type Socket } from "node:net";
import { test, type TestContext } from "node:test";
import { eventually } from "../timing.js";
import { type FaultProxy, type FaultProxyOptions, openFaultProxy } from "./fault-proxy.js";

/** A server that keeps what it accepts, a proxy before it, and a way to dial in. */
async function setUp(t: TestContext, options: Partial<FaultProxyOptions> & { readonly unix?: string } = {}) {
  const accepted: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    accepted.push(socket);
  });
  const { unix, ...rest } = options;
  server.listen(unix === undefined ? { port: 0, host: "127.0.0.1" } : { path: `${unix}/target` });
  await once(server, "listening");
  const bound = server.address() as { port: number };
  const target = unix === undefined ? `127.0.0.1:${bound.port}` : `unix:${unix}/target`;
  const proxy = await openFaultProxy({ target, ...(unix && { address: `unix:${unix}/proxy` }), ...rest });
  const dialled: Socket[] = [];
  t.after(async () => {
    await proxy.close();
    for (const socket of [...dialled, ...accepted]) socket.destroy();
    server.close();
  });
  return {
    proxy,
    /** Both ends of one more link. */
    dial: async (): Promise<[client: Socket, served: Socket]> => {
      const client = connect({ ...whereIs(proxy), allowHalfOpen: true } as NetConnectOpts);
      client.on("error", () => {});
      dialled.push(client);
      const nth = dialled.length;
      await eventually(() => accepted.length === nth);
      await eventually(() => proxy.counts.links === nth);
      return [client, accepted[nth - 1]!];
    },
  };
}

function whereIs({ address }: FaultProxy): object {
  if (address.startsWith("unix:")) return { path: address.slice(5) };
  const [host, port] = address.split(":");
  return { host, port: Number(port) };
}

/** What a socket ended with: the code of its error, "end" or, so far, "". */
function endOf(socket: Socket): () => string {
  let end = "";
  socket.on("end", () => (end ||= "end"));
  socket.on("error", (error: NodeJS.ErrnoException) => (end ||= error.code ?? "error"));
  return () => end;
}

/** All that comes, without ending the other direction as the consumers of node:stream do. */
async function text(socket: Socket): Promise<string> {
  let came = "";
  socket.on("data", (chunk: Buffer) => (came += chunk.toString()));
  await once(socket, "end");
  return came;
}

const large = "0123456789".repeat(50_000);

for (const network of ["TCP", "unix sockets"]) {
  test(`passes everything on over ${network}, ends included, and counts it`, async (t) => {
    const unix = network === "TCP" ? undefined : mkdtempSync("/tmp/fp-");
    if (unix !== undefined) t.after(() => rmSync(unix, { recursive: true }));
    const { proxy, dial } = await setUp(t, unix === undefined ? {} : { unix });
    const [client, served] = await dial();
    client.end(large);
    assert.equal(await text(served), large);
    served.end("answer");
    assert.equal(await text(client), "answer");
    await eventually(() => proxy.openLinks === 0);
    assert.deepEqual(proxy.counts, { links: 1, cut: 0, unreachable: 0, toTarget: large.length, fromTarget: 6 });
  });
}

test("a reset breaks both ends with RST, and later links are fine", async (t) => {
  const { proxy, dial } = await setUp(t);
  const [client, served] = await dial();
  const ends = [endOf(client), endOf(served)];
  for (const socket of [client, served]) socket.resume();
  assert.equal(proxy.cut(), 1);
  await eventually(() => ends.every((end) => end() === "ECONNRESET"));
  assert.equal(proxy.cut(), 0);
  const [next, there] = await dial();
  next.end("again");
  assert.equal(await text(there), "again");
});

test("a link is cut in the middle of a message", async (t) => {
  for (const kind of ["reset", "end"] as const) {
    const { proxy, dial } = await setUp(t);
    const [client, served] = await dial();
    const [atClient, atTarget] = [endOf(client), endOf(served)];
    client.resume();
    let came = "";
    served.on("data", (chunk: Buffer) => (came += chunk.toString()));
    proxy.cut(kind, { afterBytes: 3 });
    client.write("abcdef");
    // Where a reset follows bytes at once, libuv reads the bytes and then an end.
    await eventually(() => atTarget() !== "");
    await eventually(() => kind === "end" || atClient() === "ECONNRESET");
    assert.equal(came, "abc");
  }
});

test("a half-open link passes nothing on and tells nobody", async (t) => {
  const { proxy, dial } = await setUp(t);
  const [client, served] = await dial();
  const ends = [endOf(client), endOf(served)];
  let came = 0;
  for (const socket of [client, served]) socket.on("data", (chunk: Buffer) => (came += chunk.length));
  proxy.cut("half-open");
  client.write("anybody?");
  served.write("hello?");
  client.end();
  await new Promise((resolve) => setTimeout(resolve, 50));
  client.destroy();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual([came, ends[1]!()], [0, ""]);
  assert.equal(proxy.openLinks, 0);
});

test("bytes come late, in single pieces, or slowly, on links that are made from then on", async (t) => {
  const { proxy, dial } = await setUp(t);
  const pass = async (data: string) => {
    const [client, served] = await dial();
    const sizes: number[] = [];
    served.on("data", (chunk: Buffer) => sizes.push(chunk.length));
    const begunAt = performance.now();
    client.end(data);
    assert.equal(await text(served), data);
    return { tookMs: performance.now() - begunAt, sizes };
  };
  proxy.shape({ delayMs: 60 });
  assert.ok((await pass("late")).tookMs >= 58);
  proxy.shape({ sliceBytes: 1 });
  assert.ok((await pass("in single bytes")).sizes.length > 5);
  proxy.shape({ bytesPerSecond: 100_000 });
  assert.ok((await pass(large.slice(0, 10_000))).tookMs >= 80);
});

test("a target that is not there resets the client", async (t) => {
  const { proxy, dial } = await setUp(t);
  const [client] = await dial();
  const gone = await openFaultProxy({ target: "127.0.0.1:1" });
  t.after(() => gone.close());
  const lost = connect(whereIs(gone) as NetConnectOpts);
  const end = endOf(lost);
  lost.resume();
  await eventually(() => end() === "ECONNRESET");
  await eventually(() => gone.counts.unreachable === 1);
  await proxy.close();
  await proxy.close();
  await eventually(() => client.destroyed || client.readableEnded || client.resume().closed);
});

test("an address that is none is refused", async () => {
  await assert.rejects(openFaultProxy({ target: "nowhere" }), /"nowhere" is neither/);
});
