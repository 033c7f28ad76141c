import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createClient } from "@connectrpc/connect";
import { assertNoLeaks, eventually, injectFaults, snapshotResources } from "@tenon/testkit";
import { createChannel, createServer } from "@tenon/wire";
import type { YamuxStream } from "@tenon/wire/yamux";
import { echoService } from "../fixtures/echo-service.js";
import { Echo, Ghost } from "../gen/tenon/test/v1/echo_pb.js";
import { useSandbox } from "../support/sandbox.js";
import { echoClientSuite } from "./peers/client-suite.js";
import { buildGoYamux, type GoSession, readAll, startGoYamux } from "./peers/yamux.js";

const sandbox = useSandbox();
const { directory } = sandbox;
const built = await buildGoYamux();
const skip = built.missing ?? false;
const program = "program" in built ? built.program : "";
let sockets = 0;
const nextPath = () => join(directory, `y${sockets++}`);

const codeOf = (error: unknown) => (error as { code?: string }).code;

function echo(stream: YamuxStream): void {
  stream.on("error", () => {}).pipe(stream);
}

for (const role of ["client", "server"] as const) {
  describe(`Go's yamux, ours being the ${role} [WIRE-15]`, { skip }, () => {
    let go: GoSession;
    before(async () => {
      go = await startGoYamux(program, nextPath(), { role, onStream: echo });
    });
    after(() => go.close());

    test("16 MiB go there and back [WIRE-18]", async () => {
      const stream = await go.open("echo");
      const sent = Buffer.alloc(16 << 20, "0123456789abcdefghi");
      stream.write(sent);
      assert.ok((await readAll(stream)).equals(sent));
    });

    test("half close: Go answers behind our end [WIRE-17]", async () => {
      const stream = await go.open("sum");
      stream.end("hello");
      const hash = createHash("sha256").update("hello").digest("hex");
      assert.equal((await readAll(stream)).toString(), `5 ${hash} <nil>`);
    });

    test("we answer behind Go's end, and Go behind ours, on 50 streams at once [WIRE-16] [WIRE-18]", async () => {
      const mine = Array.from({ length: 50 }, async (_, i) => {
        const stream = await go.open("echo");
        const sent = Buffer.alloc(300_000, i);
        stream.write(sent);
        assert.ok((await readAll(stream)).equals(sent));
      });
      const [theirs] = await Promise.all([go.ask("open 50"), ...mine]);
      assert.equal(theirs, "<nil>");
    });

    test("our writer waits while Go does not read [WIRE-18]", async () => {
      const stream = await go.open("sum 100");
      const sent = Buffer.alloc(1 << 20, 3);
      let acknowledged = false;
      stream.end(sent, () => {
        acknowledged = true;
      });
      await go.session.ping();
      assert.equal(acknowledged, false);
      assert.match((await readAll(stream)).toString(), /^1048576 /);
    });

    test("Go waits while we do not read, and others go on [WIRE-18]", async () => {
      const stream = await go.open("send 2000000");
      await go.session.ping();
      await eventually(async () => (await go.ask("streams")) === "2"); // Go forgets a stream when its FIN arrives.
      assert.ok(stream.readableLength <= 65_536, `${stream.readableLength} bytes are with the reader`);
      assert.equal((await readAll(stream)).length, 2_000_000);
    });

    test("our reset reaches Go, and Go's us [WIRE-17]", async () => {
      const ours = await go.open("watch");
      await go.session.ping();
      ours.destroy();
      assert.equal(await go.ask("error"), "connection reset");
      const theirs = await go.open("abandon");
      const [error] = (await once(theirs, "error")) as [Error];
      assert.equal(codeOf(error), "reset");
    });

    test("pings are answered both ways [WIRE-19]", async () => {
      assert.ok((await go.session.ping()) >= 0);
      assert.equal(await go.ask("ping"), "<nil>");
    });

    test("nothing is left of all these streams", async () => {
      await eventually(async () => (await go.ask("streams")) === "1"); // Go forgets a stream when its FIN arrives.
      await eventually(() => go.session.streamCount === 0);
      assert.doesNotMatch(go.log(), /\[ERR\]/);
    });
  });

  test(`1000 streams one after the other to Go, ours being the ${role} [WIRE-16]`, { skip }, async () => {
    const go = await startGoYamux(program, nextPath(), { role });
    for (let i = 0; i < 20; i++) {
      const words = await Promise.all(Array.from({ length: 50 }, () => go.ask("ping")));
      assert.ok(words.every((word) => word === "<nil>"));
    }
    await eventually(async () => (await go.ask("streams")) === "1"); // Go forgets a stream when its FIN arrives.
    await go.close();
  });

  test(`go-away, ours and Go's, ours being the ${role} [WIRE-20]`, { skip }, async () => {
    const go = await startGoYamux(program, nextPath(), { role, onStream: echo });
    const kept = await go.open("echo");
    assert.equal(await go.ask("open 1"), "<nil>");
    go.session.goAway();
    assert.equal(await go.ask("open 1"), "remote end is not accepting connections");
    assert.equal(await go.ask("go-away"), "<nil>");
    await assert.rejects(go.open("echo"), (error) => codeOf(error) === "going-away");
    kept.write("still here");
    assert.equal((await readAll(kept)).toString(), "still here");
    await go.close();
    assert.equal((await go.session.closed).kind, "closed");
  });

  test(`Go ends the session by closing the socket, ours being the ${role} [WIRE-20]`, { skip }, async () => {
    const go = await startGoYamux(program, nextPath(), { role });
    const stream = await go.open("echo");
    const failed = once(stream, "error") as Promise<[Error]>;
    await go.open("quit").then((quit) => quit.on("error", () => {}));
    assert.equal((await go.session.closed).kind, "lost");
    assert.equal(codeOf((await failed)[0]), "session-closed");
  });

  test(`every byte by itself, ours being the ${role} [WIRE-15]`, { skip }, async () => {
    const wrap = (stream: Parameters<typeof injectFaults>[0]) =>
      injectFaults(stream, { readChunkBytes: 1, writeChunkBytes: 1 }).stream;
    const go = await startGoYamux(program, nextPath(), { role, onStream: echo }, wrap);
    const stream = await go.open("echo");
    const sent = Buffer.from("0123456789".repeat(200));
    stream.write(sent);
    assert.ok((await readAll(stream)).equals(sent));
    assert.equal(await go.ask("ping"), "<nil>");
    await go.close();
  });
}

test("keepalive of both sides over some time [WIRE-19]", { skip }, async () => {
  const go = await startGoYamux(program, nextPath(), { role: "client", keepAliveIntervalMs: 5, pingTimeoutMs: 2000 });
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(await go.ask("ping"), "<nil>");
  await go.close();
});

echoClientSuite(
  "our own server, through two streams of Go's yamux [WIRE-15]",
  async () => {
    const server = createServer().add(Echo, echoService);
    const go = await startGoYamux(program, nextPath(), { role: "client", onStream: (stream) => server.accept(stream) });
    const channel = createChannel(await go.open("relay"));
    return {
      client: createClient(Echo, channel.transport),
      unknown: () => createClient(Ghost, channel.transport).call({}),
      ping: () => channel.ping(),
      close: async () => {
        await channel.close();
        await server.close();
        await go.close();
      },
    };
  },
  skip,
);

test("nothing is left behind by a session with Go", { skip }, async () => {
  const path = nextPath();
  const resources = snapshotResources({ temporaryDirectories: [directory] });
  const go = await startGoYamux(program, path, { role: "server", keepAliveIntervalMs: 10, onStream: echo });
  assert.equal(await go.ask("open 3"), "<nil>");
  await go.close();
  await assertNoLeaks(resources);
  await sandbox.assertClean();
});
