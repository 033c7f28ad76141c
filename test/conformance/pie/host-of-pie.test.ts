import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Code, ConnectError } from "@connectrpc/connect";
import { isTenonError } from "@tenon/core";
import { createHost, type LogRecord, type PieLaunch, type Session } from "@tenon/host";
import { eventually } from "@tenon/testkit";
import { useSandbox } from "../../support/sandbox.js";
import { PieColor } from "../../gen/tenon/test/v1/pie_pb.js";
import { examples, peers } from "./contracts.js";
import { piePrograms } from "./programs.js";

const sandbox = useSandbox();
const records: LogRecord[] = [];
const host = createHost({ log: (record) => records.push(record) });
afterEach(() => {
  records.length = 0;
});

const ours = (name: string, ...args: string[]): PieLaunch["pie"] => [
  process.execPath,
  fileURLToPath(new URL(`plugins/${name}.js`, import.meta.url)),
  ...args,
];
const said = (text: string | RegExp) =>
  records.some(({ message }) => (typeof text === "string" ? message.includes(text) : text.test(message)));
const failsWith = (code: Code, text: RegExp) => (error: unknown) =>
  error instanceof ConnectError && error.code === code && text.test(error.rawMessage);

const { missing, ...programs } = await piePrograms();

/** Each kind of provider, which must not differ. */
const providers = [
  { kind: "Go's", skip: missing ?? false, command: [programs.plugin!] as const, codes: false },
  { kind: "ours", skip: false, command: ours("peer-provider"), codes: true },
] as const;

const values = {
  largeNumber: -(2n ** 63n),
  unsignedNumber: 2n ** 64n - 1n,
  text: '<a href="x">&\u2028\u00e9\u{1F600}\0\\',
  data: Uint8Array.of(0, 255, 254, 10),
  list: [2n ** 63n - 1n, -1n, 0n],
  table: { a: 2n ** 53n, "<b>": -(2n ** 53n + 1n) },
  ratio: -0,
  flag: true,
  nested: { largeNumber: 2n ** 53n + 1n, text: "x".repeat(1 << 20) },
  color: PieColor.RED,
};

for (const { kind, skip, command, codes } of providers) {
  describe(`a provider of ${kind} under our host`, { skip }, () => {
    const start = (options: Partial<PieLaunch> = {}) => host.start(peers, { pie: command, ...options });

    test("messages and errors arrive as they were sent [PIE-16, PIE-17, PIE-14]", async () => {
      const session = await start();
      const peer = session.client("peer");
      const echoed = await peer.echo(values);
      for (const [name, value] of Object.entries(values)) {
        if (name !== "nested") assert.deepEqual(echoed[name as keyof typeof values], value, name);
      }
      assert.equal(echoed.nested!.largeNumber, values.nested.largeNumber);
      assert.equal(echoed.nested!.text, values.nested.text);
      const empty = await peer.echo({});
      assert.deepEqual([empty.largeNumber, empty.list, empty.nested], [0n, [], undefined]);
      assert.deepEqual(Object.keys(await peer.nothing({})), ["$typeName"]);
      await assert.rejects(peer.fail({ value: "no luck" }), failsWith(Code.Unknown, /^no luck$/));
      await assert.rejects(peer.fail({ value: "not_found: no such name" }), (error) =>
        // Ours says what it means; a Go program that writes such a text has meant the code.
        failsWith(codes ? Code.Unknown : Code.NotFound, codes ? /^not_found: no such name$/ : /^no such name$/)(error),
      );
      await session.stop();
      await sandbox.assertClean();
    });

    test("calls run side by side, and many at once [PIE-08]", async () => {
      const session = await start();
      const peer = session.client("peer");
      const order: number[] = [];
      const sleep = async (ms: number) => void order.push((await peer.sleep({ value: ms })).value);
      await Promise.all([sleep(300), sleep(1), sleep(150)]);
      assert.deepEqual(order, [1, 150, 300]);
      const answers = await Promise.all(
        Array.from({ length: 2000 }, (_, i) =>
          peer.echo({ largeNumber: (1n << 60n) + BigInt(i), text: "x".repeat(i) }),
        ),
      );
      answers.forEach(({ largeNumber, text }, i) =>
        assert.deepEqual([largeNumber, text.length], [(1n << 60n) + BigInt(i), i]),
      );
      await session.stop();
      await sandbox.assertClean();
    });

    test("a deadline ends a call that is never answered, and an abort one that is late [PIE-12, PIE-19]", async () => {
      const session = await start();
      const peer = session.client("peer");
      await assert.rejects(peer.unspeakable({}, { timeoutMs: 50 }), failsWith(Code.DeadlineExceeded, /50 ms/));
      const abort = new AbortController();
      const aborted = peer.sleep({ value: 100 }, { signal: abort.signal });
      abort.abort(new Error("enough"));
      await assert.rejects(aborted, failsWith(Code.Canceled, /enough/));
      assert.equal((await peer.sleep({ value: 150 })).value, 150);
      await session.stop();
      await sandbox.assertClean();
    });

    test("what the dialect has not is refused, and the session goes on [PIE-18, PIE-25]", async () => {
      const session = await start();
      const watch = async () => {
        for await (const _ of session.client("peer").watch({})) assert.fail("an answer");
      };
      await assert.rejects(watch, failsWith(Code.Unimplemented, /tenon\.test\.v1\.Peer\/Watch streams/));
      await assert.rejects(session.ping(), failsWith(Code.Unimplemented, /grpc\.health\.v1\.Health/));
      assert.throws(
        () => session.reattach,
        (error) => isTenonError(error, "option-invalid"),
      );
      assert.equal((await session.client("peer").sleep({})).value, 0);
      assert.equal(session.isolation, "process");
      assert.equal(session.version, 1);
      await session.stop();
      await sandbox.assertClean();
    });

    test("a plugin that dies fails its calls with the reason [PIE-23]", async () => {
      const session = await start();
      const peer = session.client("peer");
      const slow = peer.sleep({ value: 60_000 });
      const fatal = peer.exit({ value: 3 });
      for (const call of [slow, fatal]) {
        await assert.rejects(call, (error) => {
          assert.ok(failsWith(Code.Unavailable, /exit code 3/)(error), String(error));
          const { cause } = error as ConnectError;
          return isTenonError(cause, "plugin-exited") && /last words/.test(String(cause.facts["stderrTail"]));
        });
      }
      const outcome = await session.closed;
      assert.deepEqual([outcome.how, outcome.exitCode], ["crashed", 3]);
      await assert.rejects(peer.nothing({}), failsWith(Code.Unavailable, /exit code 3/));
      await sandbox.assertClean();
    });

    test("a stop ends it by its standard input, behind the call in flight [PIE-24]", async () => {
      const session = await start();
      const slow = session.client("peer").sleep({ value: 200 });
      await session.client("peer").nothing({});
      const outcome = await session.stop();
      assert.deepEqual([outcome.how, outcome.exitCode, outcome.signal], ["shutdown", 0, null]);
      assert.equal((await slow).value, 200);
      await sandbox.assertClean();
    });

    test("nothing of a handshake is in its environment, and its own variables are [PIE-21]", async () => {
      const session = await start({ env: { GREETING: "hi" }, inheritEnv: ["PATH"] });
      const { environment, pid } = await session.client("peer").look({});
      assert.deepEqual(environment.toSorted(), ["GREETING", "PATH"]);
      assert.equal(pid, session.pid);
      await session.stop();
      await sandbox.assertClean();
    });
  });
}

describe("pie's own example of a provider under our host", { skip: missing ?? false }, () => {
  test("it answers by its names, and its log arrives [PIE-15, PIE-21]", async () => {
    const session = await host.start(examples, { pie: [programs.exampleProvider!] });
    assert.equal((await session.client("hi").sayHi({ value: "host" })).value, "Hi host");
    assert.equal((await session.client("bye").sayBye({ value: "host" })).value, "Bye host");
    await eventually(() => said('got call for SayBye with name "host"'));
    await session.stop();
    await sandbox.assertClean();
  });

  test("a name of the options is the one that is called [PIE-15]", async () => {
    const names = {
      "tenon.test.v1.Plugin": "Plugin2",
      "tenon.test.v1.Plugin/SayHi": "Plugin2.SayBye",
      "tenon.test.v1.Plugin2": "P",
    };
    const session = await host.start(examples, { pie: [programs.exampleProvider!], names });
    assert.equal((await session.client("hi").sayHi({ value: "host" })).value, "Bye host");
    const unknown = session.client("bye").sayBye({ value: "host" });
    await assert.rejects(unknown, failsWith(Code.Unimplemented, /can't find service P\.SayBye/));
    await session.stop();
    await sandbox.assertClean();
  });
});

describe("a consumer under our host", () => {
  const greet = {
    host: {
      sayHi: ({ value }: { value: string }) => {
        if (value === "nobody") throw new ConnectError("no such name", Code.NotFound);
        return { value: `Hi ${value}` };
      },
    },
  };

  test("pie's own example calls the host's services, but for the codec [PIE-22]", {
    skip: missing ?? false,
  }, async () => {
    const sayBye = ({ value }: { value: string }) => ({ value: `Bye ${value}` });
    const launch = { pie: [programs.exampleConsumer!], mode: "consumer" } as const;
    const session = await host.start(examples, launch, { hostServices: { ...greet, host2: { sayBye } } });
    const outcome = await session.closed;
    assert.deepEqual([outcome.how, outcome.exitCode], ["exited", 0]);
    assert.ok(said("Got response from host:  Hi plugin"), JSON.stringify(records));
    assert.ok(said("Got response from host:  Bye plugin"));
    await sandbox.assertClean();
  });

  const consumers = [
    { kind: "Go's", skip: missing ?? false, command: (...args: string[]) => [programs.plugin!, ...args] as const },
    { kind: "ours", skip: false, command: (...args: string[]) => ours("consumer", ...args) },
  ] as const;

  for (const { kind, skip, command } of consumers) {
    test(`${kind}: answers, errors, grants and names are those of the host [PIE-13, PIE-22]`, { skip }, async () => {
      const launch = { pie: command("Ann", "nobody"), mode: "consumer" } as const;
      const session = await host.start(peers, launch, { hostServices: greet });
      await assert.rejects(session.client("peer").nothing({}), failsWith(Code.Unimplemented, /mode "consumer"/));
      const outcome = await session.closed;
      assert.deepEqual([outcome.how, outcome.exitCode], ["exited", 0]);
      assert.ok(said("reply: Hi Ann"));
      assert.ok(said(/error: .*not_found.*no such name/));
      assert.ok(said(/unknown: .*can't find service/));

      const ungranted = await host.start(peers, { ...launch, pie: command("Ann") });
      await ungranted.closed;
      assert.ok(said(/error: .*permission_denied.*"host"/), JSON.stringify(records));
      await sandbox.assertClean();
    });

    test(`${kind}: a stop ends one that would stay [PIE-24, PIE-28]`, { skip }, async () => {
      const session = await host.start(peers, { pie: command("stay"), mode: "consumer" }, { hostServices: greet });
      await eventually(() => said(kind === "ours" ? "staying" : "unknown:"));
      const outcome = await session.stop();
      assert.equal(outcome.how, "shutdown");
      if (kind === "ours") assert.deepEqual([outcome.exitCode, outcome.signal], [0, null]);
      else assert.deepEqual([outcome.exitCode, outcome.signal], [null, "SIGINT"]);
      await sandbox.assertClean();
    });
  }
});

test("what is no JSON-RPC ends the session and is told [PIE-02]", async () => {
  const session = await host.start(peers, { pie: ["sh", "-c", "echo Listening on port 80; sleep 60"] });
  const call = session.client("peer").nothing({});
  await assert.rejects(call, failsWith(Code.Unavailable, /Listening on port 80/));
  await session.closed;
  await sandbox.assertClean();
});

test("a plugin that heeds nothing is killed, with all it has started [PIE-24]", async () => {
  const script = "trap '' INT TERM; sleep 60 & while :; do sleep 60; done";
  const session = await host.start(peers, { pie: ["sh", "-c", script] });
  await new Promise((resolve) => setTimeout(resolve, 100));
  const outcome = await session.stop({ shutdownTimeoutMs: 200, terminateTimeoutMs: 100 });
  assert.deepEqual([outcome.how, outcome.signal], ["killed", "SIGKILL"]);
  await sandbox.assertClean();
});

test("a launch that cannot be meant is refused", async () => {
  for (const launch of [
    { pie: [] },
    { pie: ["x"], mode: "both" },
    { pie: ["x"], version: -1 },
    { pie: ["x"], version: 7 },
    { pie: ["x"], names: { a: 5 } },
    { pie: ["x"], form: { fieldNames: "snake" } },
    { pie: ["x"], form: { registry: {} } },
    { pie: ["x"], maxMessageBytes: 1 },
    { pie: ["x"], stdin: "ignore" },
    { pie: [process.execPath], names: { "tenon.test.v1.Plugin/SayHi": "A.B", "tenon.test.v1.Plugin2/SayBye": "A.B" } },
  ]) {
    await assert.rejects(
      host.start(examples, launch as never),
      (error) => isTenonError(error, "option-invalid"),
      JSON.stringify(launch),
    );
  }
  await assert.rejects(host.start(peers, { pie: ["tenon-no-such-plugin"] }), (error) =>
    isTenonError(error, "executable-not-found"),
  );
});

test("without version the lowest of the contract is served and called [PIE-20]", async () => {
  const { versions } = await import("./versions.js");
  const session: Session<typeof versions.versions> = await host.start(versions, { pie: ours("versions-provider") });
  assert.equal(session.version, 1);
  assert.equal((await session.client("peer").sayHi({ value: "x" })).value, "Hi x");
  await session.stop();
  const later = await host.start(versions, { pie: ours("versions-provider", "2"), version: 2 });
  assert.equal(later.version, 2);
  await later.stop();
  await sandbox.assertClean();
});
