import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { createClient } from "@connectrpc/connect";
import { Level, type LogEntry } from "@tenon/core/bind";
import { eventually } from "@tenon/testkit";
import { Echo, Ghost } from "../../gen/tenon/test/v1/echo_pb.js";
import { useSandbox } from "../../support/sandbox.js";
import { echoClientSuite } from "../peers/client-suite.js";
import { startBound } from "./bound-process.js";
import type { BoundPeer } from "./peers.js";
import { type ScriptedHost, type ScriptedLink, startScriptedHost, welcome } from "./scripted-host.js";

const chunk = { chunks: [Buffer.from("hello")] };

/** A host, a plugin that is bound to it, and the link between them. All of them end with the test. */
async function bindOne(t: TestContext, peer: Runnable) {
  const host = await startHost(t);
  const plugin = startBound(t, peer, host.address);
  const link = await host.link();
  return { host, plugin, link, echo: createClient(Echo, link.channel.transport) };
}

type Runnable = Extract<BoundPeer, { command: unknown }>;

async function startHost(t: TestContext): Promise<ScriptedHost> {
  const host = await startScriptedHost();
  t.after(() => host.close());
  return host;
}

/** The records that came over the link, those that came twice too. */
function logsOf({ frames }: ScriptedLink): LogEntry[] {
  return frames.flatMap((frame) => (frame.case === "logs" ? frame.value.entries : []));
}

function goodbyeOf({ frames }: ScriptedLink): string | undefined {
  const last = frames.at(-1);
  return last?.case === "goodbye" ? last.value.reason : undefined;
}

/** What a plugin on one of the SDKs must do, whatever its language. `name` is that of the plugin. */
export function boundPeerSuite(name: string, peer: BoundPeer): void {
  const sandbox = useSandbox();
  const skip = peer.missing ?? false;
  const runnable = peer as Runnable;

  const open = async () => {
    const host = await startScriptedHost();
    const stops: (() => Promise<void>)[] = [];
    startBound({ after: (stop) => void stops.push(stop) }, runnable, host.address);
    const { channel } = await host.link();
    const close = async (): Promise<void> => {
      for (const stop of stops) await stop();
      await host.close();
    };
    return {
      client: createClient(Echo, channel.transport),
      unknown: () => createClient(Ghost, channel.transport).call({}),
      ping: () => channel.ping(),
      close,
    };
  };
  echoClientSuite(`${name}, which has dialled in`, open, skip);

  void describe(`${name} and a host that does as it is told`, { skip, timeout: 120_000 }, () => {
    void test("says who it is and what it serves", async (t) => {
      const { link } = await bindOne(t, runnable);
      const { hello } = link;
      assert.deepEqual([hello.minProtocol, hello.maxProtocol, hello.plugin, hello.version], [1, 1, name, "1.2.3"]);
      assert.match(hello.instance, /^[\w.-]{16,128}$/);
      assert.equal(hello.multiplex, false);
      assert.deepEqual(
        hello.versions.map(({ version, services }) => [
          version,
          services.map(({ typeName, methods }) => [typeName, methods.toSorted()]),
        ]),
        [[1, [["tenon.test.v1.Echo", ["Bidi", "ClientStream", "ServerStream", "Unary"]]]]],
      );
    });

    void test("sends its token with each Hello, and the next one where the host has given it", async (t) => {
      const host = await startHost(t);
      host.answer({ case: "welcome", value: { ...welcome, nextToken: "second" } });
      startBound(t, runnable, host.address, { TOKEN: "first" });
      (await host.link()).cut();
      await host.link();
      assert.deepEqual(
        host.hellos.map(({ token }) => token),
        ["first", "second"],
      );
    });

    void test("comes back where that may help, and ends with the host's words where not", async (t) => {
      const host = await startHost(t);
      host.answer({ case: "reject", value: { code: "host-busy", reason: "too many plugins", retryable: true } });
      host.answer({ case: "reject", value: { code: "not-admitted", reason: "not on the list", field: "plugin" } });
      const { ended } = startBound(t, runnable, host.address);
      const [code, , stderr] = await ended;
      assert.equal(code, 1);
      assert.match(stderr, /not-admitted: not on the list plugin/);
      assert.equal(host.hellos.length, 2);
    });

    void test("comes back after a broken link as the same instance with a newer epoch", async (t) => {
      const { host, link } = await bindOne(t, runnable);
      link.cut();
      const next = await host.link();
      assert.equal(next.hello.instance, link.hello.instance);
      assert.ok(next.hello.epoch > link.hello.epoch);
      assert.equal((await createClient(Echo, next.channel.transport).unary(chunk)).chunks.length, 1);
    });

    void test("comes back where the host says goodbye for a while, and ends where it is for good", async (t) => {
      const { host, plugin, link } = await bindOne(t, runnable);
      link.say({ case: "goodbye", value: { reason: "a restart", mayReturn: true } });
      const next = await host.link();
      next.say({ case: "goodbye", value: { reason: "misbehaved", mayReturn: false } });
      const [code, , stderr] = await plugin.ended;
      assert.equal(code, 1);
      assert.match(stderr, /kicked: misbehaved/);
    });

    void test("sends heartbeats, answers those of the host, and leaves one that is silent", async (t) => {
      const { host, link } = await bindOne(t, runnable);
      const count = (kind: string): number => link.frames.filter((frame) => frame.case === kind).length;
      await eventually(() => count("beat") >= 3 && count("beatAnswer") >= 3);
      const answer = link.frames.find((frame) => frame.case === "beatAnswer");
      assert.equal(answer?.value.id, 7n);
      link.mute();
      const next = await host.link();
      assert.ok(next.hello.epoch > link.hello.epoch);
    });

    void test("sends log records with level, fields, call and trace id, in the order of their numbers", async (t) => {
      const { link, echo } = await bindOne(t, runnable);
      const trace = "0123456789abcdef0123456789abcdef";
      const headers = { "x-log": "noted", "tenon-call-id": "call-1", traceparent: `00-${trace}-0123456789abcdef-01` };
      const since = Date.now();
      await echo.unary(chunk, { headers });
      await eventually(() => logsOf(link).length === 2);
      const [first, second] = logsOf(link);
      assert.deepEqual([first?.sequence, first?.level, first?.message], [1n, Level.WARN, "noted"]);
      assert.deepEqual([second?.sequence, second?.level, second?.message], [2n, Level.INFO, "noted in detail"]);
      assert.equal((JSON.parse(first?.fields ?? "") as { answer: number }).answer, 42);
      assert.deepEqual([first?.callId, first?.traceId], ["call-1", trace]);
      assert.ok(Math.abs((first?.timeMs ?? 0) - since) < 60_000);
    });

    void test("sends what the host wants only, from the moment that it says so", async (t) => {
      const { link, echo } = await bindOne(t, runnable);
      link.say({ case: "logLevel", value: { level: Level.WARN } });
      await echo.unary(chunk); // Behind the level.
      await echo.unary(chunk, { headers: { "x-log": "one" } });
      link.say({ case: "logLevel", value: { level: Level.INFO } });
      await echo.unary(chunk);
      await echo.unary(chunk, { headers: { "x-log": "two" } });
      await eventually(() => logsOf(link).length >= 3);
      assert.deepEqual(
        logsOf(link).map(({ sequence, message }) => [sequence, message]),
        [
          [1n, "one"],
          [2n, "two"],
          [3n, "two in detail"],
        ],
      );
    });

    void test("keeps records until the host has them, and sends those anew that it lacks", async (t) => {
      const { host, link, echo } = await bindOne(t, runnable);
      link.mute();
      await echo.unary(chunk, { headers: { "x-log": "kept" } });
      await eventually(() => logsOf(link).length > 0);
      host.answer({ case: "welcome", value: { ...welcome, lastLog: 1n } });
      link.cut();
      const next = await host.link();
      assert.equal(next.hello.oldestLog, 1n);
      await eventually(() => logsOf(next).length > 0);
      assert.deepEqual([logsOf(next)[0]?.sequence, logsOf(next)[0]?.message], [2n, "kept in detail"]);
    });

    void test("sends no more records than the host's window takes, counts what it drops, and calls go on", async (t) => {
      const host = await startHost(t);
      host.answer({ case: "welcome", value: { ...welcome, logWindowBytes: 10_000, deadAfterMs: 30_000 } });
      startBound(t, runnable, host.address);
      const link = await host.link();
      link.mute();
      const echo = createClient(Echo, link.channel.transport);
      const text = "x".repeat(6000);
      for (let i = 0; i < 200; i++) await echo.unary(chunk, { headers: { "x-log": text } });
      const sent = logsOf(link);
      assert.ok(sent.length <= 2, `${sent.length} records of 6000 bytes in a window of 10000`);
      const last = sent.at(-1)?.sequence ?? 0n;
      link.say({ case: "logsTaken", value: { sequence: last } });
      await eventually(() => logsOf(link).length > sent.length);
      const logs = link.frames.findLast((frame) => frame.case === "logs");
      assert.ok(logs !== undefined && logs.value.dropped > 0n, "1 MiB holds less than 2.4 MB");
      const [next] = logs.value.entries;
      assert.equal(next?.sequence, last + logs.value.dropped + 1n);
    });

    for (const by of ["the host", "SIGTERM"] as const) {
      void test(`answers what is in flight when ${by} ends it, and says goodbye`, async (t) => {
        const { plugin, link, echo } = await bindOne(t, runnable);
        const call = echo.unary(chunk, { headers: { "x-delay-ms": "500" } });
        await echo.unary(chunk); // The other call has arrived.
        if (by === "SIGTERM") plugin.child.kill();
        else link.say({ case: "drain", value: { timeoutMs: 5000, reason: "an update" } });
        assert.equal((await call).chunks.length, 1);
        const [code, signal, stderr] = await plugin.ended;
        assert.deepEqual([code, signal], [0, null], stderr);
        assert.equal(goodbyeOf(link), by === "SIGTERM" ? "the plugin was asked to end" : "an update");
      });
    }

    void test("cuts off what takes longer than the host waits", async (t) => {
      const { plugin, link, echo } = await bindOne(t, runnable);
      const call = echo.unary(chunk, { headers: { "x-delay-ms": "60000" } });
      call.catch(() => {});
      await echo.unary(chunk);
      link.say({ case: "drain", value: { timeoutMs: 200, reason: "an update" } });
      await assert.rejects(call);
      assert.equal((await plugin.ended)[0], 0);
    });

    void test("leaves nothing behind", () => sandbox.assertClean());
  });
}
