import assert from "node:assert/strict";
import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from "node:http2";
import { connect as connectSocket } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { useSandbox } from "../support/sandbox.js";
import { echoClientSuite } from "./peers/client-suite.js";
import { echoChecks } from "./peers/echo-checks.js";
import { dialEcho, serveEcho } from "./peers/echo-ends.js";
import { echoMessage, frame } from "./peers/grpc-frames.js";
import { gzipChecks } from "./peers/gzip-checks.js";
import { callWithHttp2, cancelWithHttp2, type RawAnswer } from "./peers/http2-call.js";
import { serveEchoWithHttp2 } from "./peers/http2-server.js";

const { directory } = useSandbox();
const echoPath = "/tenon.test.v1.Echo/";

for (const [peer, serve, checks] of [
  ["node:http2", serveEchoWithHttp2, echoChecks],
  ["our own server", serveEcho, { ...echoChecks, ...gzipChecks }],
] as const) {
  const open = async () => {
    const path = join(directory, peer.replaceAll(/\W/g, ""));
    const server = await serve(path);
    const echo = await dialEcho(path);
    return { ...echo, close: () => echo.close().then(() => server.close()) };
  };
  echoClientSuite(peer, open, false, checks);
}

describe("node:http2 against our server", () => {
  const path = join(directory, "served");
  const hello = echoMessage(Buffer.from("hello"));
  let server: Awaited<ReturnType<typeof serveEcho>>;
  let session: ClientHttp2Session;
  before(async () => {
    server = await serveEcho(path);
    session = connect("http://localhost", { createConnection: () => connectSocket(path) });
  });
  after(async () => {
    session.destroy();
    await server.close();
  });
  const call = (method: string, messages: Uint8Array[], headers?: OutgoingHttpHeaders): Promise<RawAnswer> =>
    callWithHttp2(session, echoPath + method, messages, headers);

  test("all four kinds of call [WIRE-01]", async () => {
    const [unary, server, client, bidi] = await Promise.all([
      call("Unary", [hello]),
      call("ServerStream", [hello], { "x-count": "3" }),
      call("ClientStream", [hello, hello]),
      call("Bidi", [hello, hello]),
    ]);
    assert.deepEqual(unary.messages, [hello]);
    assert.deepEqual(server.messages, [hello, hello, hello]);
    assert.deepEqual(client.messages, [Buffer.concat([hello, hello])]);
    assert.deepEqual(bidi.messages, [hello, hello]);
    for (const { headers, trailers } of [unary, server, client, bidi]) {
      assert.equal(headers[":status"], 200);
      assert.equal(headers["content-type"], "application/grpc");
      assert.equal(trailers["grpc-status"], "0");
    }
  });

  test("metadata in headers and trailers, -bin padded and not [WIRE-02]", async () => {
    for (const value of ["AAEC/v8", "AAEC/v8="]) {
      const { headers, trailers } = await call("Unary", [hello], { "echo-text": "plain", "echo-data-bin": value });
      assert.equal(headers["echo-text"], "plain");
      assert.equal(trailers["echo-trailer-text"], "plain");
      assert.equal(String(headers["echo-data-bin"]).replace(/=+$/, ""), "AAEC/v8");
      assert.equal(String(trailers["echo-trailer-data-bin"]).replace(/=+$/, ""), "AAEC/v8");
    }
  });

  test("a status with a percent-encoded message [WIRE-05]", async () => {
    const headers = { "x-status": "5", "x-message": encodeURIComponent("gone ☺ 100%\n") };
    const { trailers } = await call("Unary", [hello], headers);
    assert.equal(trailers["grpc-status"], "5");
    assert.match(String(trailers["grpc-message"]), /^gone %E2%98%BA 100%25%0A$/i);
  });

  test("any :authority is accepted [WIRE-11]", async () => {
    for (const authority of ["localhost", "unused", "%2Ftmp%2Fx.sock"]) {
      const { trailers } = await call("Unary", [hello], { ":authority": authority });
      assert.equal(trailers["grpc-status"], "0", authority);
    }
  });

  test("unknown methods and services end with UNIMPLEMENTED [WIRE-13]", async () => {
    for (const path of [`${echoPath}Nonsense`, "/no.such.Service/Method", "/"]) {
      assert.equal((await callWithHttp2(session, path, [hello])).trailers["grpc-status"], "12", path);
    }
  });

  test("grpc-timeout ends a call with DEADLINE_EXCEEDED [WIRE-03]", async () => {
    const { trailers } = await call("Unary", [hello], { "grpc-timeout": "100m", "x-delay-ms": "5000" });
    assert.equal(trailers["grpc-status"], "4");
  });

  test("a reset stream ends, and the connection lives on [WIRE-04]", async () => {
    await cancelWithHttp2(session, `${echoPath}Bidi`, hello);
    assert.equal((await call("Unary", [hello])).trailers["grpc-status"], "0");
  });

  test("messages far larger than any window, both ways [WIRE-06] [WIRE-10]", async () => {
    const large = echoMessage(Buffer.alloc(9 << 20, 7));
    const { messages } = await call("Unary", [large]);
    assert.ok(large.equals(messages[0]!));
  });

  test("a reader that does not read holds up only itself [WIRE-06]", async () => {
    const chunk = echoMessage(Buffer.alloc(64 << 10, 1));
    const slow = session.request({
      ":method": "POST",
      ":path": `${echoPath}ServerStream`,
      "content-type": "application/grpc",
      te: "trailers",
      "x-count": "1000",
    });
    slow.end(frame(chunk));
    await sleep(50);
    assert.equal((await call("Unary", [hello])).trailers["grpc-status"], "0");
    slow.close();
  });

  test("1000 calls at once on one connection [WIRE-01]", async () => {
    const messages = Array.from({ length: 1000 }, (_, i) => echoMessage(Buffer.from(`${i}`)));
    const answers = await Promise.all(messages.map((message) => call("Unary", [message])));
    answers.forEach((answer, i) => assert.deepEqual(answer.messages, [messages[i]]));
  });

  test("PING is answered [WIRE-08]", async () => {
    const roundTripMs = await new Promise<number>((resolve, reject) => {
      session.ping((error, durationMs) => (error ? reject(error) : resolve(durationMs)));
    });
    assert.ok(roundTripMs >= 0);
  });
});
