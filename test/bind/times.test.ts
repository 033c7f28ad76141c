import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test, type TestContext } from "node:test";
import { type BindEvent, createHost } from "@tenon/host";
import { admitAnyone, createTokens, type ListenOptions, requireToken } from "@tenon/host/bind";
import { createLogger } from "@tenon/plugin";
import { bindPlugin, type BindOptions } from "@tenon/plugin/bind";
import { eventually, openFaultProxy } from "@tenon/testkit";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";
import { counted, createCountedPlugin } from "./counted.js";
import { figuresOf } from "./figures.js";
import { clientOf } from "./load.js";

// The bounds here are far above what is measured, so that a busy machine fails nothing; the figures are in the output.

useSandbox();
const rounds = process.env["EVERY_AREA"] === "1" ? 20 : 3;
const heartbeatMs = 200;

async function listen(t: TestContext, options: Partial<ListenOptions> = {}) {
  const host = createHost();
  const seen: { readonly event: BindEvent; readonly at: number }[] = [];
  const listener = await host.listen({
    admit: admitAnyone(),
    contracts: [counted],
    heartbeatMs,
    log: () => {},
    onEvent: (event) => seen.push({ event, at: performance.now() }),
    ...options,
  });
  t.after(() => host.stop());
  return {
    listener,
    /** When an event of this kind came, `from` a time on. */
    when: async (kind: BindEvent["kind"], from: number) =>
      (await eventually(() => seen.find(({ event, at }) => event.kind === kind && at >= from), { timeoutMs: 20_000 }))
        .at,
    client: () => eventually(() => clientOf(listener.session("counted")), { intervalMs: 1, timeoutMs: 20_000 }),
  };
}

/** Binds a plugin in this process, until the end of the test. */
async function bind(t: TestContext, options: BindOptions) {
  const logger = createLogger({ name: "counted", write: () => {} });
  const bound = await bindPlugin(createCountedPlugin().plugin, { logger, ...options });
  t.after(() => bound.destroy());
  return bound;
}

/** Starts a plugin in a process of its own. */
function start(t: TestContext, to: string) {
  const [command, ...args] = fixture("counted-bound", to);
  const child = spawn(command, args, { stdio: "ignore" });
  const exited = once(child, "exit");
  t.after(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  return child;
}

async function failureAt(call: Promise<unknown>): Promise<number> {
  await assert.rejects(call);
  return performance.now();
}

test(`a Hello is answered at once, with yes or no [BFT-03]`, async (t) => {
  const tokens = createTokens();
  const { listener } = await listen(t, { admit: requireToken(tokens) });
  const to = listener.address;
  const { token } = tokens.issue({ plugin: "counted" });
  const [yesMs, noMs]: number[][] = [[], []];
  for (let i = 0; i < rounds; i++) {
    const begunAt = performance.now();
    await bind(t, { to, token });
    yesMs!.push(performance.now() - begunAt);
    const askedAt = performance.now();
    await assert.rejects(bind(t, { to, token: "wrong" }), { code: "bind-rejected" });
    noMs!.push(performance.now() - askedAt);
  }
  t.diagnostic(`dialled, said Hello and bound after ${figuresOf(yesMs!)}; rejected after ${figuresOf(noMs!)}`);
  assert.ok(Math.max(...yesMs!, ...noMs!) < 10_000);
});

test("a killed plugin is gone, with its calls and the event out; started again it is callable [BFT-03]", async (t) => {
  const { listener, when, client } = await listen(t);
  const [goneMs, failedMs, againMs]: number[][] = [[], [], []];
  let child = start(t, listener.address);
  for (let i = 0; i < rounds; i++) {
    const call = (await client()).unary({ number: BigInt(i), hang: true }, { timeoutMs: 30_000 });
    await eventually(() => listener.plugins().some(({ inFlight }) => inFlight === 1));
    const killedAt = performance.now();
    child.kill("SIGKILL");
    const failedAt = failureAt(call);
    goneMs!.push((await when("lost", killedAt)) - killedAt);
    assert.equal(listener.session("counted"), undefined);
    failedMs!.push((await failedAt) - killedAt);
    const startedAt = performance.now();
    child = start(t, listener.address);
    await (await client()).unary({ number: 1n });
    againMs!.push(performance.now() - startedAt);
  }
  t.diagnostic(`the event after ${figuresOf(goneMs!)}, the end of its call after ${figuresOf(failedMs!)}`);
  t.diagnostic(`the start of its process to the first answer: ${figuresOf(againMs!)}`);
  assert.ok(Math.max(...goneMs!, ...failedMs!) < 1000);
  assert.ok(Math.max(...againMs!) < 10_000);
});

test("a link that is cut without a sign is found by its silence, on both sides [BFT-03]", async (t) => {
  const { listener, when, client } = await listen(t);
  const proxy = await openFaultProxy({ target: listener.address });
  t.after(() => proxy.close());
  const bound = await bind(t, { to: proxy.address });
  const [goneMs, failedMs, backMs]: number[][] = [[], [], []];
  for (let i = 0; i < rounds; i++) {
    const call = (await client()).unary({ number: BigInt(i), hang: true }, { timeoutMs: 30_000 });
    await eventually(() => listener.plugins()[0]?.inFlight === 1);
    const cutAt = performance.now();
    proxy.cut("half-open");
    const failedAt = failureAt(call);
    goneMs!.push((await when("lost", cutAt)) - cutAt);
    failedMs!.push((await failedAt) - cutAt);
    await (await client()).unary({ number: 1n });
    backMs!.push(performance.now() - cutAt);
  }
  t.diagnostic(
    `heartbeat ${heartbeatMs} ms: the event after ${figuresOf(goneMs!)}, its call ended ${figuresOf(failedMs!)}`,
  );
  t.diagnostic(`callable again ${figuresOf(backMs!)} after the cut`);
  assert.equal(bound.state, "bound");
  assert.ok(Math.max(...goneMs!, ...failedMs!) < 30 * heartbeatMs);
});

test("a newer epoch takes the place of the older one, whose calls end [BFT-03]", async (t) => {
  const { listener, when, client } = await listen(t);
  const older = await bind(t, { to: listener.address, instance: "one" });
  const call = (await client()).unary({ number: 1n, hang: true }, { timeoutMs: 30_000 });
  await eventually(() => listener.plugins()[0]?.inFlight === 1);
  const begunAt = performance.now();
  const failedAt = failureAt(call);
  await bind(t, { to: listener.address, instance: "one" });
  const lostAt = await when("lost", begunAt);
  t.diagnostic(
    `evicted ${Math.round(lostAt - begunAt)} ms after the newer one dialled, its call ended at ${Math.round((await failedAt) - begunAt)} ms`,
  );
  assert.equal((await older.closed).kind, "dismissed");
  await (await client()).unary({ number: 2n });
  assert.equal(listener.plugins().length, 1);
});

test("a token that is taken back cuts its link [BFT-03]", async (t) => {
  const tokens = createTokens();
  const { listener, when, client } = await listen(t, { admit: requireToken(tokens) });
  const { token, id } = tokens.issue({ plugin: "counted" });
  const bound = await bind(t, { to: listener.address, token });
  const call = (await client()).unary({ number: 1n, hang: true }, { timeoutMs: 30_000 });
  await eventually(() => listener.plugins()[0]?.inFlight === 1);
  const revokedAt = performance.now();
  const failedAt = failureAt(call);
  tokens.revoke(id);
  const goneMs = (await when("unmounted", revokedAt)) - revokedAt;
  const told = await bound.closed;
  t.diagnostic(
    `gone after ${Math.round(goneMs)} ms, its call after ${Math.round((await failedAt) - revokedAt)} ms, the plugin told after ${Math.round(performance.now() - revokedAt)} ms`,
  );
  assert.equal(told.kind, "dismissed");
  assert.ok(goneMs < 10_000);
});
