import assert from "node:assert/strict";
import { readdirSync, readlinkSync } from "node:fs";
import { test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { isTenonError } from "@tenon/core";
import { createHost, type LogRecord, startFactsOf } from "@tenon/host";
import { createClient } from "@tenon/wire";
import { eventually } from "@tenon/testkit";
import { PrintRequest_Target as Target } from "../gen/tenon/test/v1/echo_pb.js";
import { AddHelper } from "../gen/bidirectional/counter_pb.js";
import { echo } from "../fixtures/contracts.js";
import { addHelper, counter } from "../fixtures/counter.js";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";

const sandbox = useSandbox();
const skip = process.platform === "linux" ? false : "needs /proc";
const launch = { stdio: fixture("echo-plugin") };
const hello = { chunks: [Buffer.from("hello")] };

/** What the descriptors of a process are, by number. */
function descriptors(pid: number): Map<number, string> {
  const found = new Map<number, string>();
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      found.set(Number(fd), readlinkSync(`/proc/${pid}/fd/${fd}`));
    } catch {
      // Closed since it was listed.
    }
  }
  return found;
}

test("every kind of call works, in one version of the contract, and leaves nothing [STD-10]", async () => {
  await using host = createHost();
  const session = await host.start(echo, launch);
  const client = session.client("echo");
  assert.equal((await client.unary(hello)).chunks.length, 1);
  const answers: unknown[] = [];
  for await (const answer of client.serverStream(hello, { headers: { "x-count": "3" } })) answers.push(answer);
  assert.equal(answers.length, 3);
  async function* requests() {
    for (let i = 0; i < 5; i++) yield hello;
  }
  assert.equal((await client.clientStream(requests())).chunks.length, 5);
  let echoed = 0;
  for await (const _ of client.bidi(requests())) echoed++;
  assert.equal(echoed, 5);
  await session.ping();
  assert.deepEqual(
    [session.isolation, session.tls, session.multiplexed, session.version, session.lifetime],
    ["process", false, true, 1, "host"],
  );
  assert.throws(() => session.reattach, { code: "option-invalid" });
  const { how, exitCode, isDrained } = await session.stop();
  assert.deepEqual([how, exitCode, isDrained], ["shutdown", 0, true]);
  await sandbox.assertClean();
});

test("errors, deadlines and aborts are those of any other launch [STD-10]", async () => {
  await using host = createHost();
  const client = (await host.start(echo, launch)).client("echo");
  await assert.rejects(client.unary(hello, { headers: { "x-status": "7", "x-message": "no%21" } }), {
    code: Code.PermissionDenied,
    rawMessage: "no!",
  });
  await assert.rejects(client.unary(hello, { timeoutMs: 30, headers: { "x-delay-ms": "60000" } }), {
    code: Code.DeadlineExceeded,
  });
  const abort = new AbortController();
  const aborted = client.unary(hello, { signal: abort.signal, headers: { "x-delay-ms": "60000" } });
  setTimeout(() => abort.abort(), 20);
  await assert.rejects(aborted, { code: Code.Canceled });
});

test("the plugin is asked for its standard streams, and for nothing that needs a socket [STD-01]", async () => {
  await using host = createHost();
  // A program that prints its environment in place of a line.
  const told = "Object.entries(process.env).filter(([name]) => /^(?:PLUGIN|TENON)_/.test(name))";
  const script = `process.stderr.write(JSON.stringify(Object.fromEntries(${told})) + '\\n'); process.exit(3)`;
  const failure = await host
    .start(echo, { stdio: [process.execPath, "-e", script] }, { socketGroup: "staff" })
    .catch((error: unknown) => error);
  assert.ok(isTenonError(failure, "exited-before-handshake"), String(failure));
  const [line = "{}"] = startFactsOf(failure)?.stderrTail ?? [];
  const env = JSON.parse(line) as Record<string, string>;
  const handshake = Object.keys(env).filter((name) => name !== "TENON_SANDBOX");
  assert.deepEqual(handshake.toSorted(), [
    "PLUGIN_MAX_PORT",
    "PLUGIN_MIN_PORT",
    "PLUGIN_MULTIPLEX_GRPC",
    "PLUGIN_PROTOCOL_VERSIONS",
    "TENON_TRANSPORT",
  ]);
  assert.deepEqual([env["TENON_TRANSPORT"], env["PLUGIN_MULTIPLEX_GRPC"]], ["stdio", "true"]);
});

test("the broker works in both directions, many times at once [STD-10]", async () => {
  await using host = createHost();
  const session = await host.start(counter, { stdio: fixture("counter-plugin") });
  const client = session.client("counter");
  const rounds = Array.from({ length: 10 }, async (_, round) => {
    await using served = await session.broker.serve((server) => void server.add(AddHelper, addHelper(BigInt(round))));
    await client.put({ addServer: served.id, key: `k${round}`, value: 5n });
    const { value: id } = await client.get({ key: "serve" });
    await using dialled = await session.broker.dial(Number(id));
    const { r } = await createClient(AddHelper, dialled.transport).sum({ a: 1n, b: BigInt(round) });
    return [(await client.get({ key: `k${round}` })).value, r];
  });
  assert.deepEqual(
    await Promise.all(rounds),
    Array.from({ length: 10 }, (_, round) => [5n + BigInt(round), 1n + BigInt(round)]),
  );
});

test("the plugin has no socket but the three it was started with, with channels open [STD-08]", { skip }, async () => {
  await using host = createHost();
  const session = await host.start(counter, { stdio: fixture("counter-plugin") });
  await session.client("counter").get({ key: "serve" });
  const sockets = [...descriptors(session.pid)].filter(([, what]) => what.startsWith("socket:"));
  assert.deepEqual(new Set(sockets.map(([fd]) => fd)), new Set([0, 1, 2]));
  assert.deepEqual(
    readdirSync(sandbox.directory).filter((name) => name.startsWith("tenon-")),
    [],
  );
});

test("logs and printed output arrive, a flood too, and calls go on meanwhile [STD-06]", {
  timeout: 60_000,
}, async () => {
  await using host = createHost();
  const records: LogRecord[] = [];
  const session = await host.start(echo, launch, { log: (record) => void records.push(record) });
  const chaos = session.client("chaos");
  await chaos.print({ target: Target.CONSOLE, text: "by console" });
  await chaos.print({ target: Target.STDOUT, text: "by stdout" });
  await chaos.print({ target: Target.STDERR, text: "by stderr" });
  await chaos.print({ target: Target.LOGGER, text: "by logger" });
  const messages = () => records.map(({ message }) => message);
  await eventually(() =>
    ["by console", "by stdout", "by stderr", "by logger"].every((each) => messages().includes(each)),
  );
  const flooding = chaos.print({ target: Target.STDOUT, text: "x".repeat(200), times: 20_000 });
  const client = session.client("echo");
  for (let i = 0; i < 200; i++) assert.equal((await client.unary(hello)).chunks.length, 1);
  await flooding;
  const { isDrained } = await session.stop();
  assert.equal(isDrained, true);
  // Counted or there: see the limit on output that nobody reads.
  const seen = records.filter(({ message }) => message.startsWith("xxx")).length;
  const dropped = records.some(({ message }) => /dropped/.test(message));
  assert.ok(seen === 20_000 || dropped, `${seen} lines, and nothing said of the others`);
});

test("large messages in both directions at once, and many small calls between them [STD-15]", async () => {
  await using host = createHost();
  const client = (await host.start(echo, launch)).client("echo");
  const large = Buffer.alloc(8 * 1024 * 1024, "large");
  const answers = await Promise.all([
    ...[1, 2, 3, 4].map(() => client.unary({ chunks: [large] })),
    ...Array.from({ length: 500 }, () => client.unary(hello)),
  ]);
  for (const [index, { chunks }] of answers.entries()) {
    assert.ok(Buffer.from(chunks[0]!).equals(index < 4 ? large : hello.chunks[0]!));
  }
});

test("a crash fails the calls in flight with its reason [STD-10]", async () => {
  await using host = createHost();
  for (const how of [
    { case: "signal", value: "SIGKILL" },
    { case: "exitCode", value: 9 },
    { case: "uncaught", value: "boom" },
  ] as const) {
    const session = await host.start(echo, launch);
    const waiting = session.client("echo").unary(hello, { headers: { "x-delay-ms": "60000" } });
    const dying = session.client("chaos").die({ how });
    for (const call of [waiting, dying]) {
      await assert.rejects(call, (error) => {
        const { code, cause } = ConnectError.from(error);
        return code === Code.Unavailable && isTenonError(cause, "plugin-exited");
      });
    }
    const outcome = await session.closed;
    assert.deepEqual([outcome.how, outcome.reason], ["crashed", "exited"]);
  }
  await sandbox.assertClean();
});

test("the ladder goes down as ever: a plugin that is busy is ended by a signal [STD-12]", async () => {
  await using host = createHost();
  const session = await host.start(echo, launch);
  session
    .client("chaos")
    .spin({ ms: 60_000 })
    .catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 50));
  const outcome = await session.stop({ shutdownTimeoutMs: 100, terminateTimeoutMs: 100 });
  assert.equal(outcome.how, "killed");
  await sandbox.assertClean();
});

test("raw output on descriptor 1 breaks the channel: calls fail, the instance ends, and the reason is said [STD-13]", async () => {
  await using host = createHost();
  const records: LogRecord[] = [];
  const session = await host.start(echo, launch, { log: (record) => void records.push(record) });
  const waiting = session.client("echo").unary(hello, { headers: { "x-delay-ms": "60000" } });
  const failure = assert.rejects(waiting, (error) => {
    const { code, rawMessage } = ConnectError.from(error);
    assert.equal(code, Code.Unavailable, String(error));
    assert.match(rawMessage, /protocol/, rawMessage);
    return true;
  });
  const printing = session.client("chaos").print({ target: Target.DESCRIPTOR_1, text: "oops" });
  await Promise.allSettled([printing]);
  await failure;
  // The plugin ends by itself when the host gives up the stream, or is stopped, whichever comes first.
  const { how } = await session.closed;
  assert.ok(["exited", "terminated"].includes(how), how);
  assert.ok(records.some(({ level, message }) => level === "error" && /protocol.*descriptor 1/.test(message)));
  await sandbox.assertClean();
});

test("a wrapper that becomes the plugin is no obstacle [STD-10]", async () => {
  await using host = createHost();
  const session = await host.start(echo, { stdio: ["sh", "-c", 'exec "$0" "$@"', ...fixture("echo-plugin")] });
  assert.equal((await session.client("chaos").describe({})).pid, session.pid);
  assert.equal((await session.stop()).how, "shutdown");
});

test("a wrapper that stays around, with pipes of its own, is none either [STD-05] [STD-10]", async () => {
  await using host = createHost();
  const session = await host.start(echo, { stdio: ["sh", "-c", 'cat | "$0" "$@" | cat', ...fixture("echo-plugin")] });
  const answers = Array.from({ length: 100 }, () => session.client("echo").unary(hello));
  assert.equal((await Promise.all(answers)).length, 100);
  await session.stop();
  await sandbox.assertClean();
});

test("variables, working directory, checksums and inheritance are those of a process launch [STD-10]", async () => {
  await using host = createHost();
  const session = await host.start(echo, {
    stdio: fixture("echo-plugin"),
    env: { MINE: "1" },
    inheritEnv: ["PATH", "TMPDIR", "TENON_SANDBOX"],
    cwd: sandbox.directory,
  });
  const { environment, directory } = await session.client("chaos").describe({});
  assert.deepEqual([environment["MINE"], environment["HOME"], directory], ["1", undefined, sandbox.directory]);
  assert.ok(!("TENON_TRANSPORT" in environment), "the plugin takes it out of its environment");
});
