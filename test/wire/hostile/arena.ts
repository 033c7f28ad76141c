import assert from "node:assert/strict";
import { createClient, type ServiceImpl } from "@connectrpc/connect";
import { createDuplexPair, eventually, RawPeer } from "@tenon/testkit";
import { createChannel, createServer, type Server, type ServerOptions } from "@tenon/wire";
import { Echo } from "../../gen/tenon/test/v1/echo_pb.js";
import { usedBytes } from "../../support/used-bytes.js";

/** A server under attack from `peer`, with an honest client beside it that calls without pause. */
export interface Arena extends AsyncDisposable {
  readonly server: Server;
  readonly peer: RawPeer;
  /** Calls that the honest client has had answered. */
  readonly neighbourCalls: () => number;
  /** Resolves when no more than `bytes` live beyond what lived when the arena was made: heap and buffers, garbage taken away. */
  readonly holdsAtMost: (bytes: number) => Promise<void>;
}

/** Honest calls before an attack, that its growth is not that of code which runs for the first time. */
const warmUpCalls = 500;

export const path = {
  unary: `/${Echo.typeName}/Unary`,
  clientStream: `/${Echo.typeName}/ClientStream`,
  serverStream: `/${Echo.typeName}/ServerStream`,
  bidi: `/${Echo.typeName}/Bidi`,
} as const;

/** Bytes with the prefix of a gRPC message. */
export function framed(bytes: Uint8Array, flag = 0, announcedBytes = bytes.length): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(announcedBytes, 1);
  return Buffer.concat([prefix, bytes]);
}

/** `service`: what the attacked server does instead of answering with what it was sent. */
export async function openArena(
  options: { server?: ServerOptions; service?: Partial<ServiceImpl<typeof Echo>>; highWaterMarkBytes?: number } = {},
): Promise<Arena> {
  const server = createServer(options.server).add(Echo, { unary: (request) => request, ...options.service });
  const [attacker, attacked] = createDuplexPair(
    options.highWaterMarkBytes === undefined ? {} : { highWaterMarkBytes: options.highWaterMarkBytes },
  );
  server.accept(attacked);
  const [near, far] = createDuplexPair();
  server.accept(far);
  const neighbour = createChannel(near);
  const client = createClient(Echo, neighbour.transport);
  const greeting = { chunks: [Buffer.from("hello")] };
  let calls = 0;
  const over = new AbortController();
  const calling = (async () => {
    while (!over.signal.aborted) {
      assert.equal((await client.unary(greeting)).chunks.length, 1);
      calls++;
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  await eventually(() => calls >= warmUpCalls);
  const before = await usedBytes();
  const callsBefore = calls;
  return {
    server,
    peer: new RawPeer(attacker),
    neighbourCalls: () => calls - callsBefore,
    async holdsAtMost(bytes) {
      let grown = 0;
      const small = async () => {
        grown = (await usedBytes()) - before;
        return grown <= bytes;
      };
      await eventually(small).catch(() => assert.fail(`${grown} bytes more are held, at most ${bytes} may be`));
    },
    async [Symbol.asyncDispose]() {
      // The honest client must have been served during the attack, and be served after it.
      const during = calls;
      assert.ok(during > callsBefore, "the neighbour was not served");
      await client.unary(greeting);
      over.abort();
      await calling;
      attacker.destroy();
      neighbour.destroy();
      server.destroy();
    },
  };
}
