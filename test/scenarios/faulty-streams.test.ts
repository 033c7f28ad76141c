import assert from "node:assert/strict";
import type { Duplex } from "node:stream";
import { describe, test } from "node:test";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createDuplexPair, type Faults, type FaultyStream, injectFaults, withTimeout } from "@tenon/testkit";
import { type Channel, createChannel, createServer, type Server } from "@tenon/wire";
import { echoChecks } from "../conformance/peers/echo-checks.js";
import type { EchoClient } from "../conformance/peers/echo-ends.js";
import { echoClientSuite } from "../conformance/peers/client-suite.js";
import { echoService } from "../fixtures/echo-service.js";
import { Echo, Ghost } from "../gen/tenon/test/v1/echo_pb.js";

const hello = { chunks: [Buffer.from("hello")] };

interface Ends extends EchoClient {
  readonly channel: Channel;
  readonly server: Server;
  readonly faulty: FaultyStream;
}

/** Our client and our server with a byte stream between them that misbehaves on the client's side. */
function connectThrough(faults: Faults): Ends {
  const server = createServer().add(Echo, echoService);
  const [inner, far] = createDuplexPair({ allowHalfOpen: false });
  server.accept(far);
  const faulty = injectFaults(inner, faults);
  const channel = createChannel(faulty.stream);
  return {
    server,
    faulty,
    channel,
    client: createClient(Echo, channel.transport),
    unknown: () => createClient(Ghost, channel.transport).call({}),
    ping: () => channel.ping(),
    close: async () => {
      await channel.close();
      await server.close();
    },
  };
}

for (const size of [977, 16_411]) {
  const faults = { readChunkBytes: size, writeChunkBytes: size };
  const open = (): Promise<EchoClient> => Promise.resolve(connectThrough(faults));
  echoClientSuite(`our own server, in pieces of ${size} bytes [WIRE-10]`, open);
}

describe("every split of every frame is read right [WIRE-10]", () => {
  const small = Object.entries(echoChecks).filter(([title]) => !/large|slow reader|1000|aborted|deadline/.test(title));
  for (const [title, check] of small) {
    test(title, async () => {
      const ends = connectThrough({ readChunkBytes: 1, writeChunkBytes: 1 });
      await check(ends);
      await ends.close();
    });
  }
});

async function outcome(call: Promise<unknown>): Promise<string> {
  return await call.then(
    () => "ok",
    (error: unknown) => (error instanceof ConnectError ? Code[error.code] : String(error)),
  );
}

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}

test("a reset after any number of bytes ends every call once, with UNAVAILABLE or its answer [WIRE-12]", async () => {
  const seen = new Set<string>();
  for (const direction of ["read", "write"] as const) {
    for (let afterBytes = 0; afterBytes < 600; afterBytes += 7) {
      const { client, channel, server } = connectThrough({ fault: "reset", afterBytes, direction });
      const calls = [
        client.unary(hello),
        drain(client.serverStream(hello, { headers: { "x-count": "20" } })),
        client.clientStream(
          (async function* () {
            yield hello;
          })(),
        ),
        drain(
          client.bidi(
            (async function* () {
              yield hello;
            })(),
          ),
        ),
      ];
      const outcomes = await withTimeout(
        Promise.all(calls.map(outcome)),
        5000,
        `calls cut off after ${afterBytes} bytes`,
      );
      for (const each of outcomes) seen.add(each);
      for (const each of outcomes) assert.ok(["ok", "Unavailable"].includes(each), `${each} after ${afterBytes} bytes`);
      if (outcomes.includes("Unavailable")) assert.notEqual((await channel.closed).kind, "closed");
      assert.equal(channel.inFlight, 0);
      channel.destroy();
      server.destroy();
    }
  }
  assert.deepEqual([...seen].sort(), ["Unavailable", "ok"]);
});

test("on a half-open connection calls end by their deadline, and PING by its own [WIRE-03] [WIRE-08]", async () => {
  const { client, channel, server, faulty } = connectThrough({});
  await client.unary(hello);
  faulty.trip("half-open");
  assert.equal(await outcome(client.unary(hello, { timeoutMs: 100 })), "DeadlineExceeded");
  await withTimeout(assert.rejects(channel.ping({ timeoutMs: 100 })), 5000, "the end of the ping");
  const late = outcome(client.unary(hello));
  channel.destroy();
  assert.equal(await late, "Unavailable");
  server.destroy();
});

test("a stalled connection goes on where it stopped [WIRE-06]", async () => {
  const ends = connectThrough({});
  const { client, faulty } = ends;
  await client.unary(hello);
  faulty.trip("stall");
  let answered = false;
  const call = client.unary(hello).finally(() => {
    answered = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(answered, false);
  faulty.release();
  assert.equal((await call).chunks.length, 1);
  await ends.close();
});

test("a client that ends its side properly in the middle of a frame harms nobody [WIRE-12]", async () => {
  const server = createServer().add(Echo, echoService);
  const connectEnd = (faults: Faults): Duplex => {
    const [inner, far] = createDuplexPair({ allowHalfOpen: false });
    server.accept(far);
    return injectFaults(inner, faults).stream;
  };
  const cut = createChannel(connectEnd({ fault: "end", afterBytes: 120 }));
  const whole = createChannel(connectEnd({}));
  const lost = outcome(createClient(Echo, cut.transport).unary(hello));
  assert.equal(await withTimeout(lost, 5000, "the call"), "Unavailable");
  await createClient(Echo, whole.transport).unary(hello);
  await whole.close();
  await server.close();
});
