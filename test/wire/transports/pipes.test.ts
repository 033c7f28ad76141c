import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { constants, openSync } from "node:fs";
import { createServer, Socket } from "node:net";
import { describe, test } from "node:test";
import { createClient } from "@connectrpc/connect";
import { eventually, type StreamEnds, streamCompliance } from "@tenon/testkit";
import { createChannel, joinStreams } from "@tenon/wire";
import { Echo } from "../../gen/tenon/test/v1/echo_pb.js";
import { fixture } from "../../support/fixture.js";
import { temporaryDirectory } from "./listening.js";

/** Both ends of a named pipe: nobody waits in open() when both are opened here, the reading one first. */
function openPipe(path: string): { readable: Socket; writable: Socket } {
  execFileSync("mkfifo", [path]);
  const reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writing = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  return {
    // A Socket is woken by the system; a stream of node:fs would keep a thread in read().
    readable: new Socket({ fd: reading, readable: true, writable: false }),
    writable: new Socket({ fd: writing, readable: false, writable: true }),
  };
}

async function overNamedPipes(): Promise<StreamEnds> {
  const directory = temporaryDirectory();
  const up = openPipe(`${directory.path}/up`);
  const down = openPipe(`${directory.path}/down`);
  const client = joinStreams(down.readable, up.writable);
  const server = joinStreams(up.readable, down.writable);
  return {
    client,
    server,
    async close() {
      client.destroy();
      server.destroy();
      directory.remove();
    },
  };
}

/** The standard streams of a child that passes everything on to a socket, whose other end is here. */
async function overChild(role: "client" | "server"): Promise<StreamEnds> {
  const directory = temporaryDirectory();
  const listener = createServer();
  listener.listen(`${directory.path}/s`);
  await once(listener, "listening");
  const [command, ...args] = fixture("relay-stdio", `${directory.path}/s`);
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const [socket] = (await once(listener, "connection")) as [Socket];
  const stdio = joinStreams(child.stdout, child.stdin);
  return {
    client: role === "client" ? stdio : socket,
    server: role === "client" ? socket : stdio,
    async close() {
      stdio.destroy();
      socket.destroy();
      listener.close();
      await exited;
      directory.remove();
    },
  };
}

const skip = process.platform === "win32" ? "named pipes of Windows are sockets of node:net" : false;

describe("gRPC over pipes [WIRE-47]", () => {
  describe("POSIX pipes", { skip }, () => {
    if (skip === false) streamCompliance("two named pipes", overNamedPipes);
  });
  streamCompliance("standard input and output of a child, which is the server's side", () => overChild("client"));
  streamCompliance("standard input and output of a child, which is the client's side", () => overChild("server"));

  test("a child serves on its standard streams, and ends when its host closes them", async () => {
    const [command, ...args] = fixture("echo-stdio");
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    const exited = once(child, "exit");
    const channel = createChannel(joinStreams(child.stdout, child.stdin));
    const client = createClient(Echo, channel.transport);
    const chunks = [Buffer.alloc(1_000_000, 7)];
    assert.equal((await client.unary({ chunks })).chunks[0]!.length, 1_000_000);
    await Promise.all(Array.from({ length: 50 }, () => client.unary({ chunks: [Buffer.alloc(10)] })));
    assert.equal((await channel.close()).kind, "closed");
    assert.deepEqual(await exited, [0, null]);
  });

  test("a child that dies is a lost connection", async () => {
    const [command, ...args] = fixture("echo-stdio");
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    const channel = createChannel(joinStreams(child.stdout, child.stdin));
    const client = createClient(Echo, channel.transport);
    await client.unary({});
    const call = client.unary({}, { headers: { "x-delay-ms": "60000" } });
    await eventually(() => channel.inFlight === 1);
    child.kill("SIGKILL");
    await assert.rejects(call, /\[unavailable\]/);
    assert.equal((await channel.closed).kind, "lost");
  });
});
