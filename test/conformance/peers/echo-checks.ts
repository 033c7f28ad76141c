import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { EchoMessageSchema } from "../../gen/tenon/test/v1/echo_pb.js";
import type { EchoClient } from "./echo-ends.js";

const hello = { chunks: [Buffer.from("hello")] };
const binary = Uint8Array.of(0, 1, 2, 254, 255);
const awkward = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n";

/** The encoding of one length-delimited field. */
function field(number: number, value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of((number << 3) | 2, value.length), value]);
}

/** google.rpc.Status: code 9, message "no", one detail that is an EchoMessage. */
const statusWithDetail = Buffer.concat([
  Buffer.of(8, 9),
  field(2, Buffer.from("no")),
  field(
    3,
    Buffer.concat([
      field(1, Buffer.from("type.googleapis.com/tenon.test.v1.EchoMessage")),
      field(2, field(1, Buffer.from("detail"))),
    ]),
  ),
]);

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replace(/=+$/, "");
}

async function failure(promise: Promise<unknown>): Promise<ConnectError> {
  const error = await promise.then(
    () => assert.fail("the call succeeded"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ConnectError, String(error));
  return error;
}

async function* repeat<T>(value: T, count: number): AsyncGenerator<T> {
  for (let i = 0; i < count; i++) yield value;
}

/** What our client expects of anybody's Echo service: title to check, each independent of the others. */
export const echoChecks: Readonly<Record<string, (echo: EchoClient) => Promise<void>>> = {
  "unary [WIRE-01]": async (echo) => {
    const { chunks } = await echo.client.unary(hello);
    assert.deepEqual(chunks.map(String), ["104,101,108,108,111"]);
  },

  "server stream [WIRE-01]": async (echo) => {
    let count = 0;
    for await (const { chunks } of echo.client.serverStream(hello, { headers: { "x-count": "100" } })) {
      assert.equal(Buffer.from(chunks[0]!).toString(), "hello");
      count += 1;
    }
    assert.equal(count, 100);
  },

  "client stream [WIRE-01]": async (echo) => {
    const { chunks } = await echo.client.clientStream(repeat(hello, 100));
    assert.equal(Buffer.concat(chunks).toString(), "hello".repeat(100));
  },

  "bidi stream, each message sent after the answer to the one before [WIRE-01]": async (echo) => {
    let release = (): void => {};
    async function* requests(): AsyncGenerator<{ chunks: Uint8Array[] }> {
      for (let i = 0; i < 20; i++) {
        const answered = new Promise<void>((resolve) => {
          release = resolve;
        });
        yield { chunks: [Uint8Array.of(i)] };
        await answered;
      }
    }
    const seen: number[] = [];
    for await (const { chunks } of echo.client.bidi(requests())) {
      seen.push(chunks[0]![0]!);
      release();
    }
    assert.deepEqual(seen, [...Array(20).keys()]);
  },

  "metadata travels both ways, in headers and trailers, -bin included [WIRE-02]": async (echo) => {
    let header = new Headers();
    let trailer = new Headers();
    await echo.client.unary(hello, {
      headers: { "echo-text": "plain text", "echo-data-bin": base64(binary) },
      onHeader: (headers) => {
        header = headers;
      },
      onTrailer: (trailers) => {
        trailer = trailers;
      },
    });
    assert.equal(header.get("echo-text"), "plain text");
    assert.equal(trailer.get("echo-trailer-text"), "plain text");
    assert.equal(header.get("echo-data-bin")?.replace(/=+$/, ""), base64(binary));
    assert.equal(trailer.get("echo-trailer-data-bin")?.replace(/=+$/, ""), base64(binary));
  },

  "status and a message of awkward characters [WIRE-05]": async (echo) => {
    const headers = { "x-status": "5", "x-message": encodeURIComponent(awkward) };
    const error = await failure(echo.client.unary(hello, { headers }));
    assert.equal(error.code, Code.NotFound);
    assert.equal(error.rawMessage, awkward);
  },

  "the details of a status arrive typed [WIRE-05]": async (echo) => {
    const headers = { "x-status": "9", "x-message": "no", "x-details-bin": base64(statusWithDetail) };
    const error = await failure(echo.client.unary(hello, { headers }));
    assert.equal(error.code, Code.FailedPrecondition);
    const details = error.findDetails(EchoMessageSchema);
    assert.deepEqual(
      details.map(({ chunks }) => Buffer.from(chunks[0]!).toString()),
      ["detail"],
    );
  },

  "a status behind messages comes after them [WIRE-05]": async (echo) => {
    let count = 0;
    const call = async (): Promise<void> => {
      const headers = { "x-status": "9", "x-message": "enough", "x-count": "3" };
      for await (const _ of echo.client.serverStream(hello, { headers })) count += 1;
    };
    const error = await failure(call());
    assert.equal(error.code, Code.FailedPrecondition);
    assert.equal(count, 3);
  },

  "an unknown service ends with UNIMPLEMENTED [WIRE-13]": async (echo) => {
    const error = await failure(echo.unknown());
    assert.equal(error.code, Code.Unimplemented);
  },

  "a deadline ends the call with DEADLINE_EXCEEDED [WIRE-03]": async (echo) => {
    const options = { timeoutMs: 100, headers: { "x-delay-ms": "5000" } };
    assert.equal((await failure(echo.client.unary(hello, options))).code, Code.DeadlineExceeded);
  },

  "an aborted unary call ends with CANCELED, and the connection lives on [WIRE-04]": async (echo) => {
    const options = { signal: AbortSignal.timeout(50), headers: { "x-delay-ms": "5000" } };
    const error = await failure(echo.client.unary(hello, options));
    assert.ok([Code.Canceled, Code.DeadlineExceeded].includes(error.code), `code ${error.code}`);
    await echo.client.unary(hello);
  },

  "an aborted stream ends with CANCELED, and the connection lives on [WIRE-04]": async (echo) => {
    const controller = new AbortController();
    const call = async (): Promise<void> => {
      const options = { signal: controller.signal, headers: { "x-count": "1000000" } };
      for await (const _ of echo.client.serverStream(hello, options)) controller.abort();
    };
    assert.equal((await failure(call())).code, Code.Canceled);
    await echo.client.unary(hello);
  },

  "messages far larger than any window, both ways [WIRE-06] [WIRE-10]": async (echo) => {
    const payload = Buffer.alloc(9 << 20, 7);
    const { chunks } = await echo.client.unary({ chunks: [payload] });
    assert.ok(payload.equals(chunks[0]!));
    const filled = await echo.client.unary(hello, { headers: { "x-fill": `${5 << 20}` } });
    assert.equal(filled.chunks[0]!.length, 5 << 20);
  },

  "a slow reader holds up its own stream and nobody else [WIRE-06]": async (echo) => {
    const chunk = { chunks: [Buffer.alloc(64 << 10, 1)] };
    let count = 0;
    for await (const _ of echo.client.serverStream(chunk, { headers: { "x-count": "256" } })) {
      if (count++ % 64 === 0) {
        await sleep(10);
        await echo.client.unary(hello);
      }
    }
    assert.equal(count, 256);
  },

  "1000 calls at once on one connection [WIRE-01]": async (echo) => {
    const calls = Array.from({ length: 1000 }, (_, i) => echo.client.unary({ chunks: [Buffer.from(`${i}`)] }));
    const answers = await Promise.all(calls);
    answers.forEach(({ chunks }, i) => assert.equal(Buffer.from(chunks[0]!).toString(), `${i}`));
  },

  "PING is answered [WIRE-08]": async (echo) => {
    assert.ok((await echo.ping()) >= 0);
  },
};
