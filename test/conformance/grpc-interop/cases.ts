import assert from "node:assert/strict";
import { type CallOptions, type Client, Code, ConnectError, encodeBinaryHeader } from "@connectrpc/connect";
import type { TestService, UnimplementedService } from "../../gen/grpc/testing/interop_pb.js";
import { echoHeader, echoTrailer, payload } from "./payloads.js";

/** Our end of a connection to an interop server. */
export interface InteropClient {
  readonly test: Client<typeof TestService>;
  readonly unimplemented: Client<typeof UnimplementedService>;
}

/** Makes one case; rejects when the server does not do what it should. */
export type InteropCase = (client: InteropClient) => Promise<void>;

const requestSizes = [27182, 8, 1828, 45904];
const answerSizes = [31415, 9, 2653, 58979];
const special = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n";

/** The call fails with this code, and this message where it is given. */
export async function failsWith(code: Code, call: Promise<unknown>, message?: string): Promise<void> {
  await assert.rejects(call, (error: unknown) => {
    assert.ok(error instanceof ConnectError, String(error));
    assert.equal(Code[error.code], Code[code], error.message);
    if (message !== undefined) assert.equal(error.rawMessage, message);
    return true;
  });
}

async function all<T>(answers: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const answer of answers) list.push(answer);
  return list;
}

export function sizeOf(answer: { payload?: { body: Uint8Array } | undefined }): number {
  return answer.payload?.body.length ?? 0;
}

/** Requests that never come. */
const silence: AsyncIterable<never> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) };

/** Options of a call that asks for its metadata back, and the look at what came. */
function echoed(): { options: CallOptions; check: () => void } {
  const seen = { header: new Headers(), trailer: new Headers() };
  const [text, bytes] = ["test_initial_metadata_value", encodeBinaryHeader(new Uint8Array([0xab, 0xab, 0xab]))];
  const options: CallOptions = {
    headers: { [echoHeader]: text, [echoTrailer]: bytes },
    onHeader: (header) => (seen.header = header),
    onTrailer: (trailer) => (seen.trailer = trailer),
  };
  const check = () => {
    assert.equal(seen.header.get(echoHeader), text);
    assert.equal(seen.trailer.get(echoTrailer)?.replace(/=+$/, ""), bytes);
  };
  return { options, check };
}

/** The cases of gRPC's interop test descriptions by their names, made with our client. */
export const interopCases: Readonly<Record<string, InteropCase>> = {
  empty_unary: async ({ test }) => {
    await test.emptyCall({});
  },

  large_unary: async ({ test }) => {
    assert.equal(sizeOf(await test.unaryCall({ responseSize: 314159, payload: payload(271828) })), 314159);
  },

  client_streaming: async ({ test }) => {
    const requests = async function* () {
      for (const size of requestSizes) yield { payload: payload(size) };
    };
    const { aggregatedPayloadSize } = await test.streamingInputCall(requests());
    assert.equal(aggregatedPayloadSize, 74922);
  },

  server_streaming: async ({ test }) => {
    const responseParameters = answerSizes.map((size) => ({ size }));
    assert.deepEqual((await all(test.streamingOutputCall({ responseParameters }))).map(sizeOf), answerSizes);
  },

  ping_pong: async ({ test }) => {
    let answered = (): void => {};
    const requests = async function* () {
      for (const [i, size] of requestSizes.entries()) {
        const answer = new Promise<void>((resolve) => (answered = resolve));
        yield { responseParameters: [{ size: answerSizes[i]! }], payload: payload(size) };
        await answer;
      }
    };
    const sizes: number[] = [];
    for await (const answer of test.fullDuplexCall(requests())) {
      sizes.push(sizeOf(answer));
      answered();
    }
    assert.deepEqual(sizes, answerSizes);
  },

  empty_stream: async ({ test }) => {
    const nothing = async function* () {};
    assert.deepEqual(await all(test.fullDuplexCall(nothing())), []);
  },

  timeout_on_sleeping_server: async ({ test }) => {
    const requests = async function* () {
      yield { payload: payload(27182) };
      yield* silence;
    };
    await failsWith(Code.DeadlineExceeded, all(test.fullDuplexCall(requests(), { timeoutMs: 1 })));
  },

  cancel_after_begin: async ({ test }) => {
    const abort = new AbortController();
    const call = test.streamingInputCall(silence, { signal: abort.signal });
    setImmediate(() => abort.abort());
    await failsWith(Code.Canceled, call);
  },

  cancel_after_first_response: async ({ test }) => {
    const abort = new AbortController();
    const requests = async function* () {
      yield { responseParameters: [{ size: 31415 }], payload: payload(27182) };
      yield* silence;
    };
    const answers = test.fullDuplexCall(requests(), { signal: abort.signal })[Symbol.asyncIterator]();
    assert.equal(sizeOf((await answers.next()).value), 31415);
    abort.abort();
    await failsWith(Code.Canceled, answers.next());
  },

  status_code_and_message: async ({ test }) => {
    const responseStatus = { code: Code.Unknown, message: "test status message" };
    const requests = async function* () {
      yield { responseStatus };
    };
    await failsWith(Code.Unknown, test.unaryCall({ responseStatus }), responseStatus.message);
    await failsWith(Code.Unknown, all(test.fullDuplexCall(requests())), responseStatus.message);
  },

  special_status_message: async ({ test }) => {
    const responseStatus = { code: Code.Unknown, message: special };
    await failsWith(Code.Unknown, test.unaryCall({ responseStatus }), special);
  },

  custom_metadata: async ({ test }) => {
    const unary = echoed();
    await test.unaryCall({ responseSize: 314159, payload: payload(271828) }, unary.options);
    unary.check();
    const duplex = echoed();
    const requests = async function* () {
      yield { responseParameters: [{ size: 314159 }], payload: payload(271828) };
    };
    await all(test.fullDuplexCall(requests(), duplex.options));
    duplex.check();
  },

  unimplemented_method: ({ test }) => failsWith(Code.Unimplemented, test.unimplementedCall({})),

  unimplemented_service: ({ unimplemented }) => failsWith(Code.Unimplemented, unimplemented.unimplementedCall({})),
};
