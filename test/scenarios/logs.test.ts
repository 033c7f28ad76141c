import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { createHost, type LogRecord, type Session } from "@tenon/host";
import { eventually } from "@tenon/testkit";
import { echo } from "../fixtures/contracts.js";
import { PrintRequest_Target as Target } from "../gen/tenon/test/v1/echo_pb.js";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";

const sandbox = useSandbox();
let records: LogRecord[] = [];
let session: Session<(typeof echo)["versions"]>;
const host = createHost({ log: (record) => void records.push(record) });
before(async () => {
  session = await host.start(echo, { process: fixture("echo-plugin") }, { name: "printer" });
});
after(() => host.stop());
beforeEach(() => {
  records = [];
});

async function print(target: Target, text: string, times = 1, level = ""): Promise<void> {
  await session.client("chaos").print({ target, text, times, level });
}

/** The first record whose message holds this text. */
function record(text: string): Promise<LogRecord> {
  return eventually(() => records.find(({ message }) => message.includes(text)), { what: `a record with ${text}` });
}

for (const level of ["trace", "debug", "info", "warn", "error"] as const) {
  test(`the plugin's logger at ${level} arrives whole [LOG-02] [LOG-13]`, async () => {
    const since = Date.now();
    await print(Target.LOGGER, `logged at ${level}`, 1, level);
    const found = await record(`logged at ${level}`);
    assert.equal(found.level, level);
    assert.equal(found.message, `logged at ${level}`);
    assert.equal(found.module, "chaos");
    assert.equal(found.fields["answer"], 42);
    assert.equal(found.source, "stderr");
    assert.equal(found.plugin, "printer");
    assert.equal(found.instance, session.id);
    assert.ok(Math.abs(found.time.getTime() - since) < 5000);
  });

  test(`the prefix of ${level} sets the level of a plain line [LOG-06]`, async () => {
    await print(Target.DESCRIPTOR_2, `[${level.toUpperCase()}] plain at ${level}`);
    assert.equal((await record(`plain at ${level}`)).level, level);
  });
}

test("a Go panic on stderr is one record at error [LOG-07]", async () => {
  const trace = [
    "panic: runtime error: index out of range [5] with length 3",
    "",
    "goroutine 1 [running]:",
    "main.main()",
    "\t/src/main.go:7 +0x1d",
    "exit status 2",
  ].join("\n");
  await print(Target.DESCRIPTOR_2, trace);
  const found = await record("index out of range");
  assert.equal(found.level, "error");
  assert.ok(found.message.includes("/src/main.go:7"), found.message);
});

test("a JavaScript stack trace on stderr is one record at error [LOG-08]", async () => {
  const trace = [
    "TypeError: Cannot read properties of undefined (reading 'x')",
    "    at inner (/app/plugin.js:3:9)",
    "    at outer (/app/plugin.js:8:3)",
  ].join("\n");
  await print(Target.DESCRIPTOR_2, trace);
  const found = await record("Cannot read properties");
  assert.equal(found.level, "error");
  assert.equal(found.message, trace);
});

const hostile: readonly (readonly [string, string])[] = [
  ["a message that is no text", `{"@message":1,"@level":"info","mark":"h1"}`],
  ["a level that is an object", `{"@message":"x","@level":{"a":1},"mark":"h2"}`],
  ["a time that is a list", `{"@message":"x","@level":"info","@timestamp":[1],"mark":"h3"}`],
  ["a time nobody can read", `{"@message":"x","@level":"info","@timestamp":"yesterday","mark":"h4"}`],
  ["an array", `["h5"]`],
  ["a broken object", `{"@message":"h6`],
  ["an attack on the prototype", `{"@message":"h7","@level":"info","__proto__":{"polluted":true},"constructor":1}`],
  ["the names that the host sets", `{"@message":"h8","@level":"info","plugin":"other","instance":"0","source":"host"}`],
  ["a level nobody knows", `{"@message":"h9","@level":"loud"}`],
  ["deep nesting", `{"@message":"h10","@level":"info","deep":${"[".repeat(5000)}${"]".repeat(5000)}}`],
  ["control characters", `h11 \u0000\u001b[2J\u001b]0;title\u0007 bell`],
];

for (const [title, line] of hostile) {
  test(`${title} is a record like another, and the host lives on [LOG-03] [LOG-04] [LOG-05]`, async () => {
    await print(Target.DESCRIPTOR_2, line);
    const mark = /h\d+/.exec(line)![0];
    const found = await eventually(() =>
      records.find(({ message, fields }) => message.includes(mark) || fields["mark"] === mark),
    );
    assert.deepEqual([found.plugin, found.instance, found.source], ["printer", session.id, "stderr"]);
    assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
    assert.equal((found.fields as Record<string, unknown>)["polluted"], undefined);
    await session.ping();
  });
}

test("a line with an injected line break is two records, each marked as this plugin's [LOG-01]", async () => {
  await print(Target.DESCRIPTOR_2, `first\n{"@level":"error","@message":"forged","plugin":"another"}`);
  assert.equal((await record("forged")).plugin, "printer");
});

test("a line of 1 MiB comes in marked pieces, none of them lost [LOG-09]", async () => {
  await print(Target.DESCRIPTOR_2, "L".repeat(1 << 20));
  const pieces = await eventually(() => {
    const all = records.filter(({ partial }) => partial !== undefined);
    return all.at(-1)?.partial?.last ? all : undefined;
  });
  assert.equal(pieces.map(({ message }) => message).join(""), "L".repeat(1 << 20));
  assert.deepEqual(
    pieces.map(({ partial }) => partial?.index),
    pieces.map((_, i) => i),
  );
});

test("a flood of 100 000 lines is delivered or counted, and calls go on [LOG-01]", { timeout: 60_000 }, async () => {
  const flood = print(Target.DESCRIPTOR_2, "flood", 100_000);
  await session.ping();
  await flood;
  await print(Target.DESCRIPTOR_2, "after the flood");
  await record("after the flood");
  const delivered = records.filter(({ message }) => message === "flood").length;
  const counted = records.reduce((sum, { fields }) => sum + Number(fields["dropped"] ?? fields["lost"] ?? 0), 0);
  assert.equal(delivered + counted, 100_000);
});

test("a log function that throws harms nobody [LOG-12]", async () => {
  await using careless = createHost({
    log: () => {
      throw new Error("the disk is full");
    },
  });
  const other = await careless.start(echo, { process: fixture("echo-plugin") });
  await other.client("chaos").print({ target: Target.DESCRIPTOR_2, text: "unheard" });
  assert.equal((await other.stop()).how, "shutdown");
});

test("nothing of all that is left behind [LIFE-18]", async () => {
  await host.stop();
  await sandbox.assertClean();
});
