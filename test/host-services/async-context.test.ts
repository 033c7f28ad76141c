import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { connect, createServer as createListener } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Transport } from "@connectrpc/connect";
import { createChannel, createClient, createServer } from "@tenon/wire";
import { createDirectChannel, directService } from "@tenon/wire/direct";
import { Echo } from "../gen/tenon/test/v1/echo_pb.js";
import { useSandbox } from "../support/sandbox.js";

const sandbox = useSandbox();
const storage = new AsyncLocalStorage<string>();

/** Answers a moment later, so that the answers come in turns of their own. */
const service = {
  async unary() {
    await sleep(1);
    return {};
  },
  async *serverStream() {
    for (let i = 0; i < 5; i++) {
      await sleep(1);
      yield {};
    }
  },
  async clientStream(requests: AsyncIterable<unknown>) {
    for await (const _ of requests) await sleep(1);
    return {};
  },
  async *bidi(requests: AsyncIterable<unknown>) {
    for await (const _ of requests) {
      await sleep(1);
      yield {};
    }
  },
};

const transports: Record<string, (t: TestContext) => Promise<Transport>> = {
  async wire(t) {
    const server = createServer().add(Echo, service);
    const listener = createListener((socket) => server.accept(socket));
    const path = join(sandbox.directory, "context.sock");
    await new Promise<void>((resolve) => listener.listen(path, resolve));
    const channel = createChannel(connect(path));
    t.after(() => {
      channel.destroy();
      server.destroy();
      listener.close();
    });
    return channel.transport;
  },
  async direct(t) {
    const channel = createDirectChannel([directService(Echo, service)]);
    t.after(() => channel.destroy());
    return channel.transport;
  },
};

for (const [name, open] of Object.entries(transports)) {
  test(`each of many callers has its own storage after and during every kind of call, ${name} [CTX-06]`, async (t) => {
    const client = createClient(Echo, await open(t));

    async function* requests(seen: (string | undefined)[]) {
      for (let i = 0; i < 5; i++) {
        seen.push(storage.getStore());
        yield {};
        await sleep(0);
      }
    }
    const caller = async (): Promise<(string | undefined)[]> => {
      const seen: (string | undefined)[] = [];
      const look = (): void => void seen.push(storage.getStore());
      await client.unary({}, { onHeader: () => {}, timeoutMs: 10_000 });
      look();
      for await (const _ of client.serverStream({})) look();
      await client.clientStream(requests(seen));
      look();
      for await (const _ of client.bidi(requests(seen))) look();
      look();
      return seen;
    };
    const names = Array.from({ length: 10 }, (_, index) => `caller ${index}`);
    const all = await Promise.all(names.map((each) => storage.run(each, caller)));
    assert.deepEqual(
      all,
      names.map((each) => Array.from({ length: 23 }, () => each)),
    );
    assert.equal(storage.getStore(), undefined);
  });
}
