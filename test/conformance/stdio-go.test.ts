import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Code, ConnectError } from "@connectrpc/connect";
import { isTenonError } from "@tenon/core";
import { buildGo } from "@tenon/example-kv/go";
import { createHost, type LogRecord } from "@tenon/host";
import { eventually } from "@tenon/testkit";
import { echo } from "../fixtures/contracts.js";
import { useSandbox } from "../support/sandbox.js";

const sandbox = useSandbox();
const module = fileURLToPath(new URL("../../conformance/go", import.meta.url));
const built = await buildGo({ module, packages: ["./stdio-plugin", "./echo-plugin"] });
const program = join(built.folder ?? "", "stdio-plugin");
const goPlugin = join(built.folder ?? "", "echo-plugin");
const hello = { chunks: [Buffer.from("hello")] };

describe("a Go plugin on its standard input and output", { skip: built.missing ?? false }, () => {
  test("is called without yamux, streams too, and stopped [STD-07] [STD-17]", async () => {
    await using host = createHost();
    const session = await host.start(echo, { stdio: [program] });
    assert.deepEqual([session.multiplexed, session.tls, session.version], [false, false, 1]);
    const client = session.client("echo");
    assert.deepEqual(Buffer.from((await client.unary(hello)).chunks[0]!).toString(), "hello");
    const large = { chunks: [Buffer.alloc(3 * 1024 * 1024, "x")] };
    const calls = Array.from({ length: 64 }, (_, i) => client.unary(i % 16 === 0 ? large : hello));
    assert.equal((await Promise.all(calls)).length, 64);
    async function* requests() {
      for (let i = 0; i < 100; i++) yield hello;
    }
    let answers = 0;
    for await (const _ of client.bidi(requests())) answers++;
    assert.equal(answers, 100);
    assert.ok((await session.ping()) >= 0);
    const { how, exitCode } = await session.stop();
    assert.deepEqual([how, exitCode], ["shutdown", 0]);
    await sandbox.assertClean();
  });

  test("there is no broker, and whoever wants one is told so [STD-07]", async () => {
    await using host = createHost();
    const session = await host.start(echo, { stdio: [program] });
    await assert.rejects(session.broker.dial(1, { timeoutMs: 2000 }), (error) => isTenonError(error, "broker-closed"));
  });

  test("what it prints by its language's means is a log record [STD-06]", async () => {
    await using host = createHost();
    const records: LogRecord[] = [];
    const session = await host.start(echo, { stdio: [program] }, { log: (record) => void records.push(record) });
    await session.client("echo").unary(hello);
    await eventually(() => records.some(({ message }) => message === "a message came"));
  });

  test("what it prints past that breaks the connection, and the calls say so [STD-13]", async () => {
    await using host = createHost();
    const session = await host.start(echo, { stdio: [program], env: { PRINT_AFTER: "1" } });
    await assert.rejects(session.client("echo").unary(hello), (error) => {
      const { code, rawMessage } = ConnectError.from(error);
      assert.match(rawMessage, /broke the protocol/);
      return code === Code.Unavailable;
    });
    await session.closed;
    await sandbox.assertClean();
  });

  test("one that was made with go-plugin has a socket: it is refused, and leaves nothing [STD-04]", async () => {
    await using host = createHost();
    const failure = await host.start(echo, { stdio: [goPlugin] }).catch((error: unknown) => error);
    assert.ok(isTenonError(failure, "transport-mismatch"), String(failure));
    await sandbox.assertClean();
  });
});
