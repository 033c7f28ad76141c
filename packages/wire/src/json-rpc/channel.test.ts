import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { TenonError, isTenonError } from "@tenon/core";
import { createDuplexPair, eventually } from "@tenon/testkit";
import { maybeExecutedKey } from "../client/fate.js";
import { createJsonRpcChannel } from "./channel.js";
import { rawServer } from "./pair.testing.js";

const failsWith = (code: Code, text: RegExp) => (error: unknown) =>
  error instanceof ConnectError && error.code === code && text.test(error.rawMessage);

test("requests are those of Go's client: ids from 0, one parameter, one line [PIE-05, PIE-16]", async () => {
  const { client, lines, answer } = rawServer();
  const calls = [client["sayHi"]!({ value: "<Ann>" }), client["add"]!({ firstNumber: 5n, terms: [1n] })];
  await eventually(() => lines.length === 2);
  assert.deepEqual(lines, [
    '{"method":"Greeter.SayHi","params":["<Ann>"],"id":0}',
    '{"method":"Greeter.Add","params":[{"firstNumber":5,"terms":[1]}],"id":1}',
  ]);
  answer('{"id":1,"result":{"FirstNumber":6},"error":null}{"ID":0,"Result":"Hi \\u003cAnn\\u003e","extra":1}');
  const [hi, sum] = await Promise.all(calls);
  assert.equal(hi!["value"], "Hi <Ann>");
  assert.equal(sum!["firstNumber"], 6n);
});

test("names are the contract's or the options' [PIE-15]", async () => {
  const names = { "acme.v1.Greeter": "Plugin", "acme.v1.Greeter/Add": "add" };
  const { client, lines, channel } = rawServer({ names });
  const calls = [client["sayHi"]!({}), client["add"]!({})];
  await eventually(() => lines.length === 2);
  assert.match(lines.join("\n"), /"Plugin\.SayHi"[^]*"add"/);
  channel.destroy();
  await Promise.allSettled(calls);
});

test("an answer of null is the empty message [PIE-10]", async () => {
  const { client, lines, answer } = rawServer();
  const calls = [client["sayHi"]!({}), client["add"]!({}), client["rest"]!({})];
  await eventually(() => lines.length === 3);
  answer({ id: 0, result: null, error: null });
  answer({ id: 1, result: null });
  answer({ id: 2 });
  const [hi, sum] = await Promise.all(calls);
  assert.equal(hi!["value"], "");
  assert.equal(sum!["firstNumber"], 0n);
});

test("an error fails its own call, whatever it is [PIE-11, PIE-14]", async () => {
  const { client, answer, lines } = rawServer();
  const errors = [
    "rpc: can't find method Greeter.SayHi",
    "not_found: no such name",
    "no luck",
    { message: "odd" },
    false,
  ];
  const calls = errors.map(() => client["sayHi"]!({}));
  await eventually(() => lines.length === errors.length);
  errors.forEach((error, id) => answer({ id, result: null, error }));
  const outcomes = (await Promise.allSettled(calls)).map(
    (outcome) => outcome.status === "rejected" && ConnectError.from(outcome.reason),
  );
  assert.deepEqual(
    outcomes.map((error) => error && [error.code, error.rawMessage]),
    [
      [Code.Unimplemented, errors[0]],
      [Code.NotFound, "no such name"],
      [Code.Unknown, "no luck"],
      [Code.Unknown, "odd"],
      [Code.Unknown, "false"],
    ],
  );
});

test("an answer that does not fit fails its own call", async () => {
  const { client, answer, lines } = rawServer();
  const calls = [client["add"]!({}), client["sayHi"]!({})];
  await eventually(() => lines.length === 2);
  answer({ id: 0, result: { firstNumber: "many" }, error: null });
  answer({ id: 1, result: "Hi", error: null });
  await assert.rejects(calls[0]!, failsWith(Code.Internal, /the answer is no acme\.v1\.Sum/));
  assert.equal((await calls[1]!)["value"], "Hi");
});

test("a deadline and an abort end their calls, and what comes later is dropped and counted [PIE-12, PIE-19]", async () => {
  const { client, channel, lines, answer } = rawServer({ defaultTimeoutMs: 10 });
  const abort = new AbortController();
  const late = client["sayHi"]!({});
  const aborted = client["sayHi"]!({}, { signal: abort.signal, timeoutMs: 60_000 });
  const patient = client["sayHi"]!({}, { timeoutMs: 60_000 });
  await assert.rejects(late, failsWith(Code.DeadlineExceeded, /10 ms/));
  abort.abort(new Error("enough"));
  await assert.rejects(aborted, failsWith(Code.Canceled, /enough/));
  assert.equal(channel.inFlight, 1);
  await eventually(() => lines.length === 3);
  for (const id of [0, 1, 7, "2", null, -1, 2.5, 2, 2]) answer({ id, result: "Hi", error: null });
  assert.equal((await patient)["value"], "Hi");
  await eventually(() => channel.stats().lateAnswers === 3);
  assert.deepEqual(channel.stats(), { calls: 3, lateAnswers: 3, unknownAnswers: 5 });
  await assert.rejects(client["sayHi"]!({}, { signal: abort.signal }), failsWith(Code.Canceled, /enough/));
  await assert.rejects(client["sayHi"]!({}, { timeoutMs: 0 }), failsWith(Code.DeadlineExceeded, /0 ms/));
  assert.equal(channel.stats().calls, 3);
});

test("streams are refused before anything is sent, and so is a ping [PIE-18, PIE-25]", async () => {
  const { client, channel, lines } = rawServer();
  const read = async () => {
    for await (const _ of client["watch"]!({}) as unknown as AsyncIterable<unknown>) assert.fail("an answer");
  };
  await assert.rejects(read, failsWith(Code.Unimplemented, /acme\.v1\.Greeter\/Watch streams/));
  await assert.rejects(channel.ping(), failsWith(Code.Unimplemented, /ping/));
  assert.deepEqual(lines, []);
  assert.equal(channel.stats().calls, 0);
});

test("what is no JSON ends the connection and says what came [PIE-02]", async () => {
  const { client, channel, lines, answer } = rawServer();
  const call = client["sayHi"]!({});
  await eventually(() => lines.length === 1);
  answer("Listening on :8080\n");
  await assert.rejects(call, (error) => {
    assert.ok(failsWith(Code.Unavailable, /Listening on :8080/)(error));
    assert.ok(isTenonError((error as ConnectError).cause, "json-rpc-malformed"));
    assert.equal((error as ConnectError).metadata.get(maybeExecutedKey), "true");
    return true;
  });
  assert.equal((await channel.closed).kind, "error");
  await assert.rejects(client["sayHi"]!({}), failsWith(Code.Unavailable, /Listening on :8080/));
});

test("messages over the limit: one that is received ends the connection, one to be sent only its call [PIE-03]", async () => {
  const { client, channel, lines, answer } = rawServer({ maxMessageBytes: 100 });
  await assert.rejects(client["sayHi"]!({ value: "x".repeat(100) }), failsWith(Code.ResourceExhausted, /100 bytes/));
  await assert.rejects(client["sayHi"]!({ value: "ä".repeat(40) }), failsWith(Code.ResourceExhausted, /100 bytes/));
  const call = client["sayHi"]!({ value: "ä".repeat(20) });
  await eventually(() => lines.length === 1);
  answer({ id: 0, result: "x".repeat(100), error: null });
  await assert.rejects(call, failsWith(Code.Unavailable, /100 bytes/));
  assert.ok(isTenonError((await channel.closed).cause, "json-rpc-too-long"));
});

test("calls in flight fail when the other side ends, with what the owner knows about it [PIE-23]", async () => {
  const cause = new TenonError("plugin-exited", "it ended with exit code 3");
  for (const [how, text] of [
    ["end", /it ended with exit code 3/],
    ["within", /it ended with exit code 3/],
  ] as const) {
    const { client, channel, lines, peer } = rawServer({
      explainLoss: async () => ({ message: cause.message, cause }),
    });
    const call = client["sayHi"]!({});
    await eventually(() => lines.length === 1);
    if (how === "within") peer.write('{"id":0,');
    peer.end();
    await assert.rejects(call, (error) => failsWith(Code.Unavailable, text)(error) && (error as Error).cause === cause);
    const reason = await channel.closed;
    assert.equal(reason.kind, "lost");
    assert.match(reason.message, how === "within" ? /8 bytes into a message/ : /ended the connection/);
    await assert.rejects(
      client["sayHi"]!({}),
      (error) => (error as ConnectError).metadata.get(maybeExecutedKey) === null,
    );
  }
});

test("a stream that breaks fails what is in flight; a destroyed one takes no calls", async () => {
  const { client, channel, lines, peer } = rawServer();
  const call = client["sayHi"]!({});
  await eventually(() => lines.length === 1);
  peer.destroy(new Error("broken"));
  await assert.rejects(call, failsWith(Code.Unavailable, /lost|closed|ended/));
  assert.equal((await channel.closed).kind, "lost");

  const [near] = createDuplexPair();
  near.destroy();
  assert.equal((await createJsonRpcChannel(near).closed).kind, "lost");
});

test("close waits for what is in flight, destroy does not", async () => {
  const { client, channel, lines, answer } = rawServer();
  const call = client["sayHi"]!({});
  await eventually(() => lines.length === 1);
  const closing = channel.close();
  await assert.rejects(client["sayHi"]!({}), failsWith(Code.Unavailable, /closed/));
  answer({ id: 0, result: "Hi", error: null });
  assert.equal((await call)["value"], "Hi");
  assert.equal((await closing).kind, "closed");

  const second = rawServer();
  const cut = second.client["sayHi"]!({});
  second.channel.destroy(new Error("no time"));
  await assert.rejects(cut, failsWith(Code.Unavailable, /no time/));
  assert.equal((await second.channel.closed).kind, "closed");
  await second.channel.close();
});

test("endRequests tells the server at once, and what it has is answered", async () => {
  const { client, channel, lines, answer, peer } = rawServer();
  const call = client["sayHi"]!({});
  channel.endRequests();
  await new Promise((resolve) => peer.once("end", resolve));
  assert.equal(lines.length, 1);
  await assert.rejects(client["sayHi"]!({}), failsWith(Code.Unavailable, /closed/));
  answer({ id: 0, result: "Hi", error: null });
  assert.equal((await call)["value"], "Hi");
  assert.equal((await channel.closed).kind, "closed");
});

test("a peer that does not read makes further calls fail, not memory grow", async () => {
  const [near] = createDuplexPair();
  const channel = createJsonRpcChannel(near, { maxQueuedBytes: 1 << 20, maxPendingCalls: 50 });
  const { client } = rawServer();
  void client;
  const { createClient } = await import("../client/create-client.js");
  const { greeter } = await import("./greeter.testing.js");
  const unread = createClient(greeter, channel.transport) as unknown as typeof client;
  const fails = async (value: string, calls: number) => {
    const outcomes: Promise<unknown>[] = [];
    for (let i = 0; i < calls; i++) outcomes.push(unread["sayHi"]!({ value }));
    await assert.rejects(outcomes.at(-1)!, failsWith(Code.ResourceExhausted, /limit/));
    channel.destroy();
    await Promise.allSettled(outcomes);
  };
  await fails("x".repeat(1 << 18), 10);
});

test("options are checked", () => {
  const [near] = createDuplexPair();
  for (const options of [
    { maxMessageBytes: 1 },
    { maxPendingCalls: 0 },
    { form: { fieldNames: "snake" } },
    { names: { a: "" } },
    { names: ["a"] },
    { explainLoss: 5 },
  ]) {
    assert.throws(
      () => createJsonRpcChannel(near, options as never),
      (error) => isTenonError(error, "option-invalid"),
      JSON.stringify(options),
    );
  }
});
