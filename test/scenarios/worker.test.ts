import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { isTenonError, type TenonError } from "@tenon/core";
import { createHost, type LogRecord, startFactsOf } from "@tenon/host";
import { eventually, withTimeout } from "@tenon/testkit";
import { echo } from "../fixtures/contracts.js";
import { addHelper, counter } from "../fixtures/counter.js";
import { AddHelper } from "../gen/bidirectional/counter_pb.js";
import { PrintRequest_Target as Target } from "../gen/tenon/test/v1/echo_pb.js";
import { useSandbox } from "../support/sandbox.js";

useSandbox();

const hello = { chunks: [Buffer.from("hello")] };
const fileOf = (name: string) => fileURLToPath(new URL(`../fixtures/${name}.js`, import.meta.url));
const hostile = fileOf("worker-hostile");

function collect(): { readonly records: LogRecord[]; readonly log: (record: LogRecord) => void } {
  const records: LogRecord[] = [];
  return { records, log: (record) => void records.push(record) };
}

/** The error of a call, and the local fault behind it. */
async function failureOf(call: Promise<unknown>): Promise<{ error: ConnectError; cause: TenonError }> {
  const error = await withTimeout(
    call.then(
      () => assert.fail("the call succeeded"),
      (reason: unknown) => reason,
    ),
    20_000,
  );
  assert.ok(error instanceof ConnectError, String(error));
  assert.equal(error.code, Code.Unavailable, error.message);
  assert.ok(isTenonError(error.cause, "plugin-exited"), String(error.cause));
  return { error, cause: error.cause };
}

describe("a plugin in a worker thread", () => {
  test("serves like a process, and ends by Shutdown [WRK-01]", async () => {
    const { records, log } = collect();
    await using host = createHost({ log });
    const session = await host.start(echo, {
      worker: fileOf("echo-plugin"),
      argv: ["one"],
      env: { COLOUR: "blue" },
      inheritEnv: false,
    });
    assert.deepEqual([session.pid, session.isolation, session.multiplexed], [process.pid, "thread", true]);
    const client = session.client("echo");
    const large = Buffer.alloc(3_000_000, 5);
    assert.equal(Buffer.compare((await client.unary({ chunks: [large] })).chunks[0]!, large), 0);
    let count = 0;
    for await (const _ of client.serverStream(hello, { headers: { "x-count": "1000" } })) count++;
    assert.equal(count, 1000);
    const seen = await session.client("chaos").describe({});
    assert.deepEqual([seen.pid, seen.arguments, seen.directory], [process.pid, ["one"], process.cwd()]);
    // The handshake's variables are gone, the host's own are untouched.
    assert.deepEqual(seen.environment, { COLOUR: "blue" });
    assert.equal(process.env["COLOUR"], undefined);
    const outcome = await session.stop();
    assert.deepEqual([outcome.how, outcome.exitCode, outcome.signal, outcome.isDrained], ["shutdown", 0, null, true]);
    assert.deepEqual(
      records.filter(({ level }) => level === "warn" || level === "error"),
      [],
    );
  });

  test("the broker opens channels in both directions [WRK-01]", async () => {
    await using host = createHost();
    const session = await host.start(counter, { worker: fileOf("counter-plugin") });
    const client = session.client("counter");
    const server = await session.broker.serve((each) => void each.add(AddHelper, addHelper(1n)));
    await client.put({ addServer: server.id, key: "n", value: 41n });
    assert.equal((await client.get({ key: "n" })).value, 42n);
    const { value: id } = await client.get({ key: "serve" });
    await using channel = await session.broker.dial(Number(id));
    assert.equal((await createClient(AddHelper, channel.transport).sum({ a: 2n, b: 3n })).r, 5n);
  });

  test("the file may be named by URL, and relative to a directory [WRK-01]", async () => {
    await using host = createHost();
    const byUrl = await host.start(echo, { worker: new URL("../fixtures/echo-plugin.js", import.meta.url) });
    await byUrl.client("echo").unary(hello);
    const cwd = fileURLToPath(new URL("../fixtures", import.meta.url));
    const byPath = await host.start(echo, { worker: "./echo-plugin.js", cwd });
    await byPath.client("echo").unary(hello);
  });

  test("logs, prints and writes as a process does [WRK-04]", async () => {
    const { records, log } = collect();
    await using host = createHost({ log });
    const session = await host.start(echo, { worker: hostile });
    const chaos = session.client("chaos");
    await chaos.print({ target: Target.LOGGER, text: "logged", level: "warn" });
    await chaos.print({ target: Target.CONSOLE, text: "to the console" });
    await chaos.print({ target: Target.STDERR, text: "to stderr" });
    await chaos.print({ target: Target.STDOUT, text: "to stdout" });
    const find = (message: string) => records.find((record) => record.message === message);
    await eventually(() => find("to stdout") && find("to stderr") && find("to the console"));
    assert.deepEqual([find("logged")?.level, find("logged")?.fields["answer"]], ["warn", 42]);
    assert.equal(find("to stdout")?.source, "stdio");
    await session.stop();
    assert.ok(find("cleaned up after shutdown"));
  });

  test("a flood of log lines loses none, and the host answers meanwhile [WRK-05]", async () => {
    const { records, log } = collect();
    await using host = createHost({ log });
    const session = await host.start(echo, { worker: hostile });
    const times = 50_000;
    const flood = session.client("chaos").print({ target: Target.LOGGER, text: "flood", times, level: "info" });
    let turns = 0;
    const turning = setInterval(() => turns++, 5);
    await flood;
    clearInterval(turning);
    await session.stop();
    const dropped = records.reduce((sum, { fields }) => sum + Number(fields["dropped"] ?? 0), 0);
    assert.equal(records.filter(({ message }) => message === "flood").length + dropped, times);
    assert.ok(turns > 0, "the host did not turn");
  });

  test("a flood of what is printed is bounded, and every lost byte is counted [WRK-05]", async () => {
    const { records, log } = collect();
    await using host = createHost({ log });
    const session = await host.start(echo, { worker: hostile });
    const text = "x".repeat(999);
    await session.client("chaos").print({ target: Target.STDOUT, text, times: 20_000 });
    await session.client("echo").unary(hello);
    await session.stop();
    const dropped = records.reduce((sum, { fields }) => sum + Number(fields["dropped_bytes"] ?? 0), 0);
    const printed = records.filter(({ source }) => source === "stdio");
    const got = printed.reduce((sum, { message }) => sum + message.length + 1, 0);
    assert.ok(Math.abs(got + dropped - 20_000_000) < 2000, `${got} came and ${dropped} were dropped`);
  });
});

describe("the end of a thread", () => {
  test("process.exit ends it alone, and its last words arrive [WRK-13] [WRK-04]", async () => {
    const { records, log } = collect();
    await using host = createHost({ log });
    const [session, other] = await Promise.all([1, 2].map(() => host.start(echo, { worker: hostile })));
    const waiting = other!.client("echo").unary(hello, { headers: { "x-delay-ms": "300" } });
    const chaos = session!.client("chaos");
    await chaos.print({ target: Target.LOGGER, text: "last words", times: 100, level: "info" });
    const { cause } = await failureOf(chaos.die({ how: { case: "exitCode", value: 3 } }));
    assert.deepEqual([cause.facts["exitCode"], cause.facts["signal"]], [3, null]);
    const outcome = await session!.closed;
    assert.deepEqual([outcome.how, outcome.exitCode], ["crashed", 3]);
    assert.equal(records.filter(({ message }) => message === "last words").length, 100);
    await waiting;
    await other!.client("echo").unary(hello);
  });

  for (const how of ["uncaught", "unhandled"] as const) {
    test(`an error that is ${how} [WRK-06]`, async () => {
      const { records, log } = collect();
      await using host = createHost({ log });
      const session = await host.start(echo, { worker: hostile });
      const die = session.client("chaos").die({ how: { case: how, value: "so it ends" } });
      const { cause } = await failureOf(die);
      assert.match(cause.message, /so it ends/);
      assert.ok(cause.cause instanceof Error);
      assert.equal(cause.cause.message, "so it ends");
      assert.match(cause.cause.stack ?? "", /chaos-service/);
      const outcome = await session.closed;
      assert.deepEqual([outcome.how, outcome.exitCode], ["crashed", 1]);
      const record = records.find(({ message }) => message.includes("so it ends") && message.startsWith("un"));
      assert.equal(record?.level, "error");
      assert.match(String(record?.fields["stack"]), /chaos-service/);
    });
  }

  test("undefined that is thrown, while it serves and when it is loaded [WRK-06] [WRK-03]", async () => {
    await using host = createHost();
    const session = await host.start(echo, { worker: hostile });
    const call = session.client("echo").unary(hello, { headers: { "x-do": "throw-undefined" } });
    assert.match((await failureOf(call)).cause.message, /undefined was thrown/);
    const early = await host.start(echo, { worker: hostile, argv: ["throws-undefined"] }).catch((e: unknown) => e);
    assert.ok(isTenonError(early, "exited-before-handshake"), String(early));
    assert.match(early.message, /undefined was thrown/);
  });

  test("an error at the import fails the start, with its stack and what was written before [WRK-03] [WRK-06]", async () => {
    const { records, log } = collect();
    await using host = createHost({ log });
    const fault = await host.start(echo, { worker: hostile, argv: ["throws-at-import"] }).catch((e: unknown) => e);
    assert.ok(isTenonError(fault, "exited-before-handshake"), String(fault));
    assert.match(fault.message, /thrown at import/);
    const facts = startFactsOf(fault);
    assert.equal(facts?.exitCode, 1);
    assert.ok(facts?.stderrTail.some((line) => line.includes("about to throw")));
    const record = records.find(({ message }) => message === "uncaught exception: RangeError: thrown at import");
    assert.equal(record?.level, "error");
    assert.match(String(record?.fields["stack"]), /worker-hostile/);
  });

  test("a thread that ends before its line, or is no plugin, says so [WRK-03]", async () => {
    await using host = createHost();
    const exits = await host.start(echo, { worker: hostile, argv: ["exits-at-import"] }).catch((e: unknown) => e);
    assert.ok(isTenonError(exits, "exited-before-handshake"), String(exits));
    assert.match(exits.message, /exit code 3/);
    const contract = await host.start(echo, { worker: fileOf("contracts") }).catch((e: unknown) => e);
    assert.ok(isTenonError(contract, "exited-before-handshake"), String(contract));
    assert.match(contract.message, /runPlugin/);
    const cookie = { ...echo, cookie: { ...echo.cookie, value: "another" } };
    const stranger = await host.start(cookie, { worker: hostile }).catch((e: unknown) => e);
    assert.ok(isTenonError(stranger), String(stranger));
    assert.match(stranger.message, /cookie/);
  });

  test("a heap that is full [WRK-07]", async () => {
    const { records, log } = collect();
    await using host = createHost({ log });
    const resourceLimits = { maxOldGenerationSizeMb: 48 };
    const session = await host.start(echo, { worker: hostile, resourceLimits });
    const call = session.client("echo").unary(hello, { headers: { "x-do": "fill-heap" } });
    const { cause } = await failureOf(call);
    assert.ok(isTenonError(cause.cause, "memory-exceeded"), String(cause.cause));
    assert.equal(cause.cause.facts["limit"], 48);
    assert.equal((cause.cause.cause as NodeJS.ErrnoException).code, "ERR_WORKER_OUT_OF_MEMORY");
    await session.closed;
    assert.ok(records.some(({ level, fields }) => level === "error" && fields["code"] === "memory-exceeded"));
    const early = await host
      .start(echo, { worker: hostile, resourceLimits, argv: ["fills-heap"] })
      .catch((e: unknown) => e);
    assert.ok(isTenonError(early, "exited-before-handshake"), String(early));
    assert.match(early.message, /maxOldGenerationSizeMb: 48/);
  });

  test("Buffers, which no limit of the heap sees [WRK-07]", async () => {
    await using host = createHost();
    const session = await host.start(echo, { worker: hostile, maxExternalBytes: 64 * 1024 * 1024 });
    await session.client("echo").unary({ chunks: [Buffer.alloc(1_000_000)] });
    const { cause } = await failureOf(session.client("echo").unary(hello, { headers: { "x-do": "take-buffers" } }));
    assert.ok(isTenonError(cause.cause, "memory-exceeded"), String(cause.cause));
    assert.equal(cause.cause.facts["option"], "maxExternalBytes");
    assert.ok(Number(cause.cause.facts["externalBytes"]) > 64 * 1024 * 1024);
  });

  test("an endless loop, in a call and at the import: busy, not dead, until it is stopped [WRK-08] [WRK-14]", async () => {
    await using host = createHost();
    const session = await host.start(echo, { worker: hostile });
    const call = failureOf(session.client("echo").unary(hello, { headers: { "x-do": "loop" } })).catch(
      (e: unknown) => e,
    );
    const busy = await session.ping({ timeoutMs: 100 }).catch((e: unknown) => e);
    assert.ok(isTenonError(busy, "instance-busy"), String(busy));
    assert.ok(Number(busy.facts["busyMs"]) >= 50, String(busy));
    const outcome = await session.stop({ shutdownTimeoutMs: 50, terminateTimeoutMs: 50 });
    assert.deepEqual([outcome.how, outcome.signal, outcome.exitCode], ["killed", "SIGKILL", null]);
    assert.deepEqual(
      outcome.steps.map(({ step }) => step),
      ["shutdown", "sigterm", "sigkill", "drain"],
    );
    await call;
    const launch = { worker: hostile, argv: ["loops-at-import"] };
    const late = await host.start(echo, launch, { startTimeoutMs: 300 }).catch((e: unknown) => e);
    assert.ok(isTenonError(late, "start-timeout"), String(late));
  });

  test("SIGTERM lets calls finish and cleans up [WRK-10]", async () => {
    const { records, log } = collect();
    await using host = createHost({ log });
    const session = await host.start(echo, { worker: hostile });
    const call = session.client("echo").unary(hello, { headers: { "x-delay-ms": "200" } });
    await session.client("echo").unary(hello);
    const outcome = await session.stop({ shutdownTimeoutMs: 0, terminateTimeoutMs: 5000 });
    assert.deepEqual([outcome.how, outcome.exitCode], ["terminated", 0]);
    assert.equal((await call).chunks.length, 1);
    assert.ok(records.some(({ message }) => message === "cleaned up after closed"));
  });
});
