import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type CallOptions,
  type Client,
  Code,
  ConnectError,
  createClient as createConnectClient,
  createContextKey,
  createContextValues,
  createRouterTransport,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import { createDuplexPair, eventually } from "@tenon/testkit";
import { createChannel, createClient, createServer } from "@tenon/wire";
import { echoService } from "../fixtures/echo-service.js";
import { Echo, type EchoMessage } from "../gen/tenon/test/v1/echo_pb.js";
import { closeEcho, connectEcho } from "./pair.js";

type EchoClient = Client<typeof Echo>;
type Answer = Promise<EchoMessage> | AsyncIterable<EchoMessage>;

const hello = { chunks: [Buffer.from("hello")] };
const mark = createContextKey("none");

async function* requests(...texts: string[]) {
  for (const text of texts) yield { chunks: [Buffer.from(text)] };
}

function brokenRequests(): AsyncIterable<typeof hello> {
  return {
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new ConnectError("no request", Code.DataLoss)) }),
  };
}

/** Each kind of method with each thing that may happen to it. */
const calls: Readonly<Record<string, (client: EchoClient, options: CallOptions) => Answer>> = {
  unary: (client, options) => client.unary(hello, options),
  "server stream": (client, options) => client.serverStream(hello, options),
  "client stream": (client, options) => client.clientStream(requests("a", "b"), options),
  bidi: (client, options) => client.bidi(requests("a", "b", "c"), options),
};

const circumstances: Readonly<Record<string, () => CallOptions>> = {
  "that goes well": () => ({ headers: { "echo-name": "value", "x-count": "3" } }),
  "that fails": () => ({
    headers: { "x-status": String(Code.NotFound), "x-message": "gone", "x-details-bin": "", "echo-name": "value" },
  }),
  "with a deadline that passes": () => ({ timeoutMs: 20, headers: { "x-delay-ms": "10000" } }),
  "with no time at all": () => ({ timeoutMs: -1 }),
  "whose signal is aborted": () => ({ signal: AbortSignal.abort(new ConnectError("enough", Code.Aborted)) }),
  "whose signal aborts": () => ({ signal: AbortSignal.timeout(20), headers: { "x-delay-ms": "10000" } }),
  "with context values": () => ({ contextValues: createContextValues().set(mark, "marked") }),
};

/** All that a caller sees of a call, in order: headers, messages, trailers, error; and what comes behind the end. */
async function seen(call: (options: CallOptions) => Answer, init: CallOptions): Promise<string[]> {
  const said: string[] = [];
  const custom = (headers: Headers) => [...headers].filter(([name]) => name.startsWith("echo-")).join();
  const answer = call({
    ...init,
    onHeader: (headers) => void said.push(`headers ${custom(headers)}`),
    onTrailer: (trailers) => void said.push(`trailers ${custom(trailers)}`),
  });
  const received = ({ $typeName, chunks }: EchoMessage) =>
    void said.push(`message ${$typeName} ${Buffer.concat(chunks).toString()}`);
  const failed = (error: unknown) => {
    assert.ok(error instanceof ConnectError, String(error));
    // Both ends watch a deadline, and either may be first to say that it has passed.
    const words = error.code === Code.DeadlineExceeded ? "" : error.rawMessage;
    said.push(`error ${Code[error.code]} ${words} ${error.details.length} ${custom(error.metadata)}`);
  };
  if (answer instanceof Promise) {
    await answer.then(received, failed);
    return said;
  }
  const messages = answer[Symbol.asyncIterator]();
  try {
    for (let next = await messages.next(); next.done !== true; next = await messages.next()) received(next.value);
  } catch (error) {
    failed(error);
  }
  said.push(JSON.stringify(await messages.next()));
  return said;
}

/** Tells what it sees of a call in its headers. */
const marking: Interceptor = (next) => (request) => {
  request.header.set("echo-mark", request.contextValues.get(mark));
  return next(request);
};

interface Opened {
  readonly transport: Transport;
  readonly close: () => void;
}

const transports: Readonly<Record<string, () => Opened>> = {
  "a channel": () => {
    const { channel, server } = connectEcho(echoService);
    return { transport: channel.transport, close: () => (channel.destroy(), server.destroy()) };
  },
  "a channel with interceptors": () => {
    const { channel, server } = connectEcho(echoService, { channel: { interceptors: [marking] } });
    return { transport: channel.transport, close: () => (channel.destroy(), server.destroy()) };
  },
  "Connect-ES's router": () => {
    const transport = createRouterTransport((router) => router.service(Echo, echoService), {
      transport: { interceptors: [marking] },
    });
    return { transport, close: () => {} };
  },
};

for (const [name, open] of Object.entries(transports)) {
  describe(`a client gives what Connect-ES's client gives, over ${name}`, () => {
    for (const [kind, call] of Object.entries(calls)) {
      for (const [which, options] of Object.entries(circumstances)) {
        test(`a ${kind} call ${which}`, async () => {
          const { transport, close } = open();
          const theirs = await seen((all) => call(createConnectClient(Echo, transport), all), options());
          const ours = await seen((all) => call(createClient(Echo, transport), all), options());
          assert.deepEqual(ours, theirs);
          assert.ok(theirs.length > 0);
          close();
        });
      }
    }

    test("calls whose requests fail", async () => {
      const { transport, close } = open();
      for (const call of [
        (client: EchoClient, options: CallOptions) => client.clientStream(brokenRequests(), options),
        (client: EchoClient, options: CallOptions) => client.bidi(brokenRequests(), options),
      ]) {
        const theirs = await seen((all) => call(createConnectClient(Echo, transport), all), {});
        assert.deepEqual(await seen((all) => call(createClient(Echo, transport), all), {}), theirs);
      }
      close();
    });

    test("several next() at once, before anything has come", async () => {
      const { transport, close } = open();
      const call = createClient(Echo, transport).bidi(requests("a", "b", "c"));
      const answers = call[Symbol.asyncIterator]();
      const results = await Promise.all(Array.from({ length: 5 }, () => answers.next()));
      assert.deepEqual(
        results.map(({ value }) => value && Buffer.concat((value as EchoMessage).chunks).toString()),
        ["a", "b", "c", undefined, undefined],
      );
      close();
    });

    test("an error of onHeader or onTrailer is the reader's", async () => {
      const { transport, close } = open();
      const no = () => {
        throw new RangeError("no");
      };
      for (const create of [createClient, createConnectClient]) {
        const early = create(Echo, transport).serverStream(hello, { onHeader: no })[Symbol.asyncIterator]();
        await assert.rejects(early.next(), RangeError);
        assert.equal((await early.next()).done, true);
        const late = create(Echo, transport).serverStream(hello, { onTrailer: no })[Symbol.asyncIterator]();
        assert.equal((await late.next()).done, false);
        await assert.rejects(late.next(), RangeError);
        assert.equal((await late.next()).done, true);
      }
      close();
    });

    test("who leaves a stream ends the call [WIRE-04]", async () => {
      for (const leave of ["break", "return before the first answer"]) {
        const ended: unknown[] = [];
        const endless: typeof echoService.serverStream = async function* (request, { signal }) {
          signal.addEventListener("abort", () => ended.push(signal.reason));
          if (leave === "break") yield request;
          if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
        };
        const { transport, close } = openEndless(name, endless);
        const answers = createClient(Echo, transport).serverStream(hello);
        if (leave === "break") {
          for await (const answer of answers) {
            assert.equal(answer.chunks.length, 1);
            break;
          }
        } else {
          const iterator = answers[Symbol.asyncIterator]();
          const pending = iterator.next();
          await new Promise((resolve) => setTimeout(resolve, 20));
          assert.deepEqual(await iterator.return!(), { done: true, value: undefined });
          assert.deepEqual(await pending, { done: true, value: undefined });
        }
        await eventually(() => ended.length > 0);
        close();
      }
    });
  });
}

function openEndless(name: string, serverStream: typeof echoService.serverStream): Opened {
  if (name === "Connect-ES's router") {
    return { transport: createRouterTransport((router) => router.service(Echo, { serverStream })), close: () => {} };
  }
  const interceptors = name === "a channel" ? [] : [marking];
  const { channel, server } = connectEcho({ serverStream }, { channel: { interceptors } });
  return { transport: channel.transport, close: () => (channel.destroy(), server.destroy()) };
}

test("leaving a stream sends RST_STREAM with CANCEL, unless it has ended [WIRE-04]", async () => {
  const reasons: unknown[] = [];
  const pair = connectEcho({
    ...echoService,
    async *bidi(received, { signal }) {
      signal.addEventListener("abort", () => reasons.push(signal.reason));
      yield* received;
      await new Promise(() => {});
    },
  });
  const client = createClient(Echo, pair.channel.transport);
  const whole = client.serverStream(hello)[Symbol.asyncIterator]();
  while ((await whole.next()).done !== true);
  await whole.return?.();
  assert.equal(pair.channel.stats().resetsOut, 0);
  for await (const _ of client.bidi(requests("a", "b"))) break;
  assert.equal(pair.channel.stats().resetsOut, 1);
  assert.equal(pair.channel.inFlight, 0);
  await eventually(() => reasons.length > 0);
  assert.equal(ConnectError.from(reasons[0]).code, Code.Canceled);
  await closeEcho(pair);
});

test("an answer of none or of several messages is no answer to a client stream", async () => {
  for (const count of [0, 2]) {
    const broken: Pick<Transport, "stream"> = {
      stream: (method) =>
        Promise.resolve({
          stream: true,
          service: method.parent,
          method,
          header: new Headers(),
          trailer: new Headers(),
          message: (async function* () {
            for (let i = 0; i < count; i++) yield { $typeName: method.output.typeName, chunks: [] } as never;
          })(),
        }),
    };
    const transport = broken as Transport;
    for (const create of [createClient, createConnectClient]) {
      await assert.rejects(create(Echo, transport).clientStream(requests("a")), { code: Code.Unimplemented });
    }
  }
});

test("a stream that nobody reads and that fails disturbs nobody", async () => {
  for (const interceptors of [[], [marking]]) {
    const pair = connectEcho({}, { channel: { interceptors } });
    const client = createClient(Echo, pair.channel.transport);
    client.serverStream(hello);
    await pair.channel.ping();
    await closeEcho(pair);
    client.serverStream(hello);
    await new Promise((resolve) => setImmediate(resolve));
  }
});

test("what a reader keeps of one message is not changed by the next ones [WIRE-10]", async () => {
  const server = createServer().add(Echo, echoService);
  const [near, far] = createDuplexPair();
  server.accept(far);
  const channel = createChannel(near);
  const texts = Array.from({ length: 3000 }, (_, i) => `${i} `.repeat(i % 40));
  const kept: EchoMessage[] = [];
  for await (const message of createClient(Echo, channel.transport).bidi(requests(...texts))) {
    kept.push(message);
    // Now and then the reader lags behind what comes.
    if (kept.length % 700 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  assert.deepEqual(
    kept.map(({ chunks }) => Buffer.concat(chunks).toString()),
    texts,
  );
  channel.destroy();
  server.destroy();
});
