import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { defineContract, GRPCController, Health, HealthCheckResponse_ServingStatus, isTenonError } from "@tenon/core";
import { createDuplexPair } from "@tenon/testkit";
import { createChannel, createServer } from "@tenon/wire";
import { createDeferred } from "../async/deferred.js";
import { readStdout } from "../handshake/stdout-reader.js";
import type { ExitFacts } from "../launch/exit-facts.js";
import type { PluginProcess } from "../launch/plugin-process.js";
import { createInstanceLog } from "../logs/instance-log.js";
import type { LogRecord } from "../logs/record.js";
import { createSession, type Session } from "../session/session.js";
import { createInstance } from "./instance.js";

const contract = defineContract({
  name: "demo",
  cookie: { key: "DEMO_PLUGIN", value: "x" },
  versions: { 1: { health: Health } },
});
const timeouts = { shutdownTimeoutMs: 2000, terminateTimeoutMs: 50, killTimeoutMs: 50, drainTimeoutMs: 50 };
const crash: ExitFacts = { exitCode: null, signal: "SIGSEGV" };

/** A session on a plugin that exists in this process only: a server at the other end of a pair of streams. */
function open(
  onShutdown: (exit: (facts: ExitFacts) => void) => void = (exit) => exit({ exitCode: 0, signal: null }),
  status?: HealthCheckResponse_ServingStatus,
  expectEnd?: (exit: (facts: ExitFacts) => void) => void,
) {
  const exited = createDeferred<ExitFacts>();
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const signals: NodeJS.Signals[] = [];
  let facts: ExitFacts | undefined;
  const exit = (how: ExitFacts): void => {
    facts = how;
    stdout.end();
    stderr.end();
    exited.resolve(how);
  };
  const process: PluginProcess = {
    pid: 4711,
    stdout,
    stderr,
    get exit() {
      return facts;
    },
    exited: exited.promise,
    signalGroup: (signal) => signals.push(signal) > 0,
    ...(expectEnd && { expectEnd: () => expectEnd(exit) }),
    release: () => {},
  };
  const records: LogRecord[] = [];
  const log = createInstanceLog({
    plugin: "demo",
    instance: "demo-1",
    sink: (record) => void records.push(record),
    defaultLevel: "info",
    maxLineBytes: 1000,
    joinIdleMs: 10,
    tailLines: 5,
  });
  const inNet = { rescues: 0 };
  const exitNet = {
    add: () => {
      inNet.rescues++;
      return () => void inNet.rescues--;
    },
  };
  const asked = createDeferred<void>();
  const [ours, theirs] = createDuplexPair();
  const server = createServer()
    .add(Health, {
      check: (_request, { signal }) => {
        asked.resolve();
        return status === undefined ? sleep(60_000, {}, { signal }) : { status };
      },
    })
    .add(GRPCController, {
      shutdown: () => {
        onShutdown(exit);
        return {};
      },
    });
  server.accept(theirs);
  const instance = createInstance({
    id: "demo-1",
    plugin: "demo",
    log,
    exitNet,
    stopDefaults: timeouts,
    lifetime: "host",
  });
  const channel = createChannel(ours, {
    explainLoss: async () => {
      const cause = await instance.explainLoss();
      return { message: cause.message, cause };
    },
  });
  instance.attachProcess(
    process,
    readStdout(stdout, () => {}),
  );
  instance.startConnecting();
  instance.attachChannel(channel);
  const describeReattach = () => assert.fail("nobody asks for it");
  const broker = undefined as unknown as Session["broker"];
  const shown = {
    pid: 4711,
    tls: false,
    startMs: 1,
    version: 1,
    multiplexed: false,
    isolation: "process",
    reload: undefined,
    broker,
  } as const;
  const shared = { instance, contract, channel, ...shown, stopDefaults: timeouts, describeReattach };
  return { session: createSession(shared), instance, server, asked: asked.promise, exit, signals, records, inNet };
}

const failsWith = (code: string) => (error: unknown) =>
  error instanceof ConnectError && error.code === Code.Unavailable && isTenonError(error.cause, code as never);

test("a stop asks first, and all who ask share its outcome [STOP-01] [STOP-07]", async () => {
  const { session, instance, signals, inNet } = open();
  assert.equal(instance.state.name, "ready");
  assert.equal(session.client("health"), session.client("health"));
  const [first, second] = await Promise.all([session.stop(), session.stop({ shutdownTimeoutMs: 0 })]);
  assert.equal(first, second);
  assert.equal(await session.closed, first);
  assert.deepEqual([first.how, first.reason, first.exitCode], ["shutdown", "requested", 0]);
  assert.deepEqual([instance.state.name, signals, inNet.rescues], ["stopped", [], 0]);
  assert.equal(await session.stop(), first);
  await assert.rejects(session.client("health").check({}), failsWith("session-closed"));
});

test("a ping takes any answer, and no status ends the session [HOST-06]", async () => {
  const { UNKNOWN, NOT_SERVING, SERVICE_UNKNOWN } = HealthCheckResponse_ServingStatus;
  for (const status of [UNKNOWN, NOT_SERVING, SERVICE_UNKNOWN]) {
    const { session } = open(undefined, status);
    assert.ok((await session.ping()) >= 0);
    assert.equal((await session.client("health").check({})).status, status);
    assert.equal((await session.stop()).how, "shutdown");
  }
});

test("a crash ends calls in flight and the session, and says how [LIFE-15] [LIFE-16]", async () => {
  const { session, server, asked, exit, records } = open();
  const call = assert.rejects(session.client("health").check({}), failsWith("plugin-exited"));
  await asked;
  server.destroy();
  exit(crash);
  await call;
  const outcome = await session.closed;
  assert.deepEqual([outcome.how, outcome.reason, outcome.signal], ["crashed", "exited", "SIGSEGV"]);
  assert.deepEqual([outcome, records.at(-1)?.level], [await session.stop(), "error"]);
});

test("a plugin that stays when its connection is gone is ended by signals alone [STOP-03] [STOP-04]", async () => {
  const { session, server, signals } = open();
  server.destroy();
  const outcome = await session.closed;
  assert.deepEqual([outcome.how, outcome.reason], ["unkillable", "connection-lost"]);
  assert.deepEqual(signals, ["SIGTERM", "SIGCONT", "SIGKILL"]);
});

test("a later stop's aborted signal hurries the first one [STOP-05]", async () => {
  const { session, signals, exit } = open(() => {});
  const stopped = session.stop({ shutdownTimeoutMs: 60_000, killTimeoutMs: 60_000 });
  const hurry = new AbortController();
  const hurried = session.stop({ signal: hurry.signal });
  hurry.abort();
  while (signals.length === 0) await sleep(1);
  exit({ exitCode: null, signal: "SIGKILL" });
  assert.deepEqual([(await stopped).how, signals], ["killed", ["SIGKILL"]]);
  assert.equal(await hurried, await stopped);
});

test("the end of the connection makes a stop look for the end of a process that nobody tells of", {
  timeout: 30_000,
}, async () => {
  const { session, server, signals } = open(
    () => void sleep(10).then(() => server.destroy()),
    undefined,
    (exit) => exit({ exitCode: null, signal: null }),
  );
  const { how } = await session.stop({ shutdownTimeoutMs: 60_000 });
  assert.deepEqual([how, signals], ["shutdown", []]);
});
