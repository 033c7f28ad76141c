import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServiceImpl } from "@connectrpc/connect";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { isTenonError } from "@tenon/core";
import { createDuplexPair, eventually } from "@tenon/testkit";
import { greeter, other } from "./greeter.testing.js";
import { bothEnds, rawClient } from "./pair.testing.js";
import { serveJsonRpc } from "./server.js";

interface Text {
  readonly value: string;
}

const sayHi = ({ value }: Text) => ({ value: `Hi ${value}` });
const request = (method: string, params: unknown, id?: unknown) => ({
  method,
  params,
  ...(id !== undefined && { id }),
});

test("of params the first value counts [PIE-04]", async () => {
  const { send, next } = rawClient({ sayHi });
  const cases = [
    [["Ann", "Bob", 5], '{"id":1,"result":"Hi Ann","error":null}'],
    [[], '{"id":1,"result":"Hi ","error":null}'],
    [[null], '{"id":1,"result":"Hi ","error":null}'],
    [null, '{"id":1,"result":null,"error":"jsonrpc: request body missing params"}'],
    [
      { value: "x" },
      '{"id":1,"result":null,"error":"invalid_argument: params must be a list that holds the one parameter"}',
    ],
  ] as const;
  for (const [params, expected] of cases) {
    send(request("Greeter.SayHi", params, 1));
    assert.equal(await next(), expected);
  }
  send({ method: "Greeter.SayHi", id: 2 });
  assert.match((await next())!, /missing params/);
  send(request("Greeter.SayHi", [5], 3));
  assert.match(
    (await next())!,
    /^\{"id":3,"result":null,"error":"invalid_argument: the parameter is no google\.protobuf\.StringValue/,
  );
});

test("any id comes back as it was [PIE-06]", async () => {
  const { send, next } = rawClient({ sayHi });
  for (const id of ["7", '"a"', '{"a":[1]}', "null", "18446744073709551615", "-1.5"]) {
    send(`{"method":"Greeter.SayHi","params":["x"],"id":${id}}`);
    assert.equal(await next(), `{"id":${id},"result":"Hi x","error":null}`);
  }
  send(request("Greeter.SayHi", ["x"]));
  assert.equal(await next(), '{"id":null,"result":"Hi x","error":null}');
});

test("members are read in any case, and unknown ones passed over [PIE-01, PIE-07]", async () => {
  const { send, next } = rawClient({ sayHi });
  send('{"jsonrpc":"2.0","METHOD":"Greeter.SayHi","Params":["a"],"ID":1}{"method":"Greeter.Sa');
  send('yHi","params":["b"],"id":2}');
  assert.match((await next())!, /Hi a/);
  assert.match((await next())!, /Hi b/);
});

test("calls run side by side, and are answered as they end [PIE-08]", async () => {
  const release: (() => void)[] = [];
  const { send, next } = rawClient({
    sayHi: ({ value }: Text) =>
      value === "now" ? { value } : new Promise((resolve) => release.push(() => resolve({ value }))),
  });
  for (const value of ["a", "b", "now"]) send(request("Greeter.SayHi", [value], value));
  assert.equal(await next(), '{"id":"now","result":"now","error":null}');
  release[1]!();
  assert.equal(await next(), '{"id":"b","result":"b","error":null}');
  release[0]!();
  assert.equal(await next(), '{"id":"a","result":"a","error":null}');
});

test("nothing is answered with null and null [PIE-09]", async () => {
  const { send, next } = rawClient({
    sayHi: () => ({}),
    add: () => Promise.resolve({}),
    rest: () => ({}),
    any: () => ({ kind: { case: "nullValue", value: 0 } }),
  });
  const expected = {
    SayHi: '""',
    Add: "{}",
    Rest: "{}",
  };
  for (const [method, result] of Object.entries(expected)) {
    send(request(`Greeter.${method}`, [null], 0));
    assert.equal(await next(), `{"id":0,"result":${result},"error":null}`);
  }
  send(request("Greeter.Any", [null], 0));
  assert.equal(
    await next(),
    '{"id":0,"result":null,"error":"internal: a google.protobuf.Value that is null cannot be sent"}',
  );
});

test("what is not served is answered as Go does [PIE-14, PIE-18]", async () => {
  const { send, next } = rawClient({ sayHi });
  const cases = {
    "Nobody.SayHi": "rpc: can't find service Nobody.SayHi",
    "Greeter.Nothing": "rpc: can't find method Greeter.Nothing",
    nodot: "rpc: service/method request ill-formed: nodot",
    "Greeter.Watch":
      "unimplemented: acme.v1.Greeter/Watch streams, and JSON-RPC has no streams: it carries one request and one answer",
    "Greeter.Add": "unimplemented: acme.v1.Greeter.Add is not implemented",
  };
  for (const [method, error] of Object.entries(cases)) {
    send(request(method, [{}], 0));
    assert.equal(await next(), JSON.stringify({ id: 0, result: null, error }));
  }
  send({ params: [], id: 1 });
  assert.match((await next())!, /ill-formed/);
});

test("whatever a handler throws becomes a text that is not empty [PIE-13]", async () => {
  const thrown: unknown[] = [
    new ConnectError("no such name", Code.NotFound),
    new Error("no luck"),
    new Error(""),
    undefined,
    Symbol("x"),
  ];
  const { send, next } = rawClient({
    sayHi: () => {
      throw thrown.shift();
    },
    rest: () => Promise.reject(thrown.shift()),
  });
  const answers: unknown[] = [];
  for (const method of ["SayHi", "Rest", "SayHi", "Rest", "SayHi"]) {
    send(request(`Greeter.${method}`, [null], 0));
    const { error } = JSON.parse((await next())!) as { error: string };
    assert.notEqual(error, "");
    answers.push(error);
  }
  assert.deepEqual(answers.slice(0, 2), ["not_found: no such name", "no luck"]);
});

test("codes, texts and long integers survive between two ends of ours [PIE-13, PIE-17]", async () => {
  const { client, server, channel } = bothEnds({
    add: ({ firstNumber, terms }: { firstNumber: bigint; terms: bigint[] }) => {
      if (terms.length === 0) throw new ConnectError("not_found: nothing to add", Code.FailedPrecondition);
      return { firstNumber: terms.reduce((total, term) => total + term, firstNumber) };
    },
  });
  const { firstNumber } = await client["add"]!({ firstNumber: 9007199254740993n, terms: [1n, 2n ** 62n] });
  assert.equal(firstNumber, 9007199254740994n + 2n ** 62n);
  await assert.rejects(client["add"]!({}), (error) => {
    const { code, rawMessage } = ConnectError.from(error);
    return code === Code.FailedPrecondition && rawMessage === "not_found: nothing to add";
  });
  await channel.close();
  assert.equal((await server.closed).kind, "lost");
});

test("interceptors of both ends see the calls", async () => {
  const seen: string[] = [];
  const { client, channel } = bothEnds(
    { sayHi },
    {
      interceptors: [
        (next) => (call) => {
          seen.push(`${call.url.split("/").at(-1)} ${call.stream}`);
          return next(call);
        },
      ],
    },
  );
  assert.equal((await client["sayHi"]!({ value: "Ann" }))["value"], "Hi Ann");
  assert.deepEqual(seen, ["SayHi false", "SayHi false"]);
  await channel.close();
});

test("when the client sends no more, what is in flight is answered and the connection ends [PIE-27]", async () => {
  let release!: () => void;
  const { server, send, next, peer } = rawClient({
    sayHi: () => new Promise((resolve) => (release = () => resolve({ value: "late" }))),
  });
  send(request("Greeter.SayHi", ["x"], 0));
  peer.end();
  await server.peerEnded;
  assert.equal(server.inFlight, 1);
  release();
  assert.equal(await next(), '{"id":0,"result":"late","error":null}');
  assert.equal(await next(), undefined);
  assert.deepEqual(await server.closed, { kind: "lost", message: "the other side ended the connection" });
});

test("destroy aborts what is in flight", async () => {
  let signal: AbortSignal | undefined;
  const { server, send, peer } = rawClient({
    sayHi: (_: Text, context: HandlerContext) => {
      ({ signal } = context);
      return new Promise(() => {});
    },
  });
  send(request("Greeter.SayHi", ["x"], 0));
  await eventually(() => signal !== undefined);
  peer.destroy();
  await server.peerEnded;
  assert.equal(signal!.aborted, false, "it may only have ended its side");
  server.destroy();
  assert.equal((await server.closed).kind, "closed");
  assert.equal(signal!.aborted, true);
  assert.equal(server.inFlight, 0);
});

test("close answers what is in flight, or gives it up in time", async () => {
  const never = () => new Promise(() => {});
  const { server, send, next } = rawClient({ sayHi: never });
  send(request("Greeter.SayHi", ["x"], 0));
  await eventually(() => server.inFlight === 1);
  const reason = await server.close({ graceMs: 10 });
  assert.match(reason.message, /10 ms/);
  assert.equal(await next(), undefined);

  const idle = rawClient({ sayHi });
  assert.equal((await idle.server.close()).kind, "closed");
  assert.equal(await idle.next(), undefined);
});

test("a request that cannot be read ends the connection [PIE-02]", async () => {
  for (const [text, shown] of [
    ["hello\n", /"hello/],
    ['{"method":5,"params":[],"id":1}', /is 5, which is no text/],
    ['{"method"}', /no JSON/],
  ] as const) {
    const { server, send, next } = rawClient({ sayHi });
    send(text);
    const reason = await server.closed;
    assert.ok(reason.kind === "error" && isTenonError(reason.cause, "json-rpc-malformed"));
    assert.match(reason.message, shown);
    assert.equal(await next(), undefined);
  }
});

test("an answer over the limit fails its own call [PIE-03]", async () => {
  const { send, next } = rawClient(
    { sayHi: ({ value }: Text) => ({ value: value.repeat(100) }) },
    { maxMessageBytes: 100 },
  );
  send(request("Greeter.SayHi", ["x"], 0));
  assert.match((await next())!, /resource_exhausted: the message has more than 100 bytes/);
  send(request("Greeter.SayHi", [""], 1));
  assert.match((await next())!, /"result":""/);
});

test("a server with all the calls that it may have reads no more until one is answered", async () => {
  const release: (() => void)[] = [];
  const { server, send, next } = rawClient(
    { sayHi: ({ value }: Text) => new Promise((resolve) => release.push(() => resolve({ value }))) },
    { maxConcurrentCalls: 2 },
  );
  for (let id = 0; id < 5; id++) {
    send(request("Greeter.SayHi", ["x"], id));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await eventually(() => server.inFlight >= 2);
  assert.ok(server.inFlight < 5, `${server.inFlight} calls are under way`);
  for (let answered = 0; answered < 5; answered++) {
    await eventually(() => release.length > 0);
    release.shift()!();
    assert.match((await next())!, /"result":"x"/);
  }
});

test("two methods of one name are refused [PIE-15]", async () => {
  const services = [greeter, other].map((service) => ({ service, implementation: {} as ServiceImpl<typeof service> }));
  const serve = (names: Record<string, string>) => serveJsonRpc(createDuplexPair()[0], services, { names });
  assert.throws(
    () => serve({ "acme.v1.Other": "Greeter" }),
    (error) =>
      isTenonError(error, "option-invalid") &&
      /acme\.v1\.Greeter\/SayHi and acme\.v1\.Other\/SayHi/.test(error.message),
  );
  serve({}).destroy();
  serve({ "acme.v1.Other": "Greeter", "acme.v1.Other/SayHi": "hello" }).destroy();
});
