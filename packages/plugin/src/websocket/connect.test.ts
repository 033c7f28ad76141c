import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createSocketServer, type Server } from "node:net";
import { describe, test, type TestContext } from "node:test";
import { isTenonError, type TenonError } from "@tenon/core";
import { WebSocket, WebSocketServer } from "ws";
import { parseWebSocketAddress } from "./address.js";
import { connectGlobalWebSocket } from "./connect-global.js";
import { connectWebSocket } from "./connect.js";

const never = new AbortController().signal;

async function listen(t: TestContext, server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/bind`;
}

/** A web server that answers everything in one way, requests for an upgrade too. */
function answering(answer: (response: ServerResponse) => void): Server {
  return createServer((_request, response) => answer(response));
}

function dial(
  url: string,
  ...[settings = {}, tls]: [Parameters<typeof connectWebSocket>[2]?, Parameters<typeof connectWebSocket>[1]?]
) {
  return connectWebSocket(parseWebSocketAddress(url)!, tls, settings, never);
}

async function refusal(dialled: Promise<unknown>): Promise<TenonError> {
  const error = await dialled.then(
    () => assert.fail("it was let in"),
    (reason: unknown) => reason,
  );
  assert.ok(isTenonError(error, "websocket-refused"), String(error));
  return error;
}

describe("what answers and takes no WebSocket is told [BIND-41]", () => {
  for (const [status, headers, expected] of [
    [200, {}, /status 200: a web server is there that takes no WebSocket; a proxy has to pass on the headers/],
    [
      301,
      { location: "https://elsewhere.example/" },
      /points to https:\/\/elsewhere\.example\/, which is not followed/,
    ],
    [401, {}, /wants to know who comes; see the option webSocket\.headers/],
    [403, {}, /does not allow it/],
    [404, {}, /nothing at this path/],
    [502, {}, /a proxy is there, and the host behind it is not/],
    [503, {}, /too busy/],
  ] as const) {
    test(`an HTTP status ${status}`, async (t) => {
      const url = await listen(
        t,
        answering((response) => response.writeHead(status, headers).end("<html>a long page</html>")),
      );
      const { message, facts } = await refusal(dial(url));
      assert.match(message, expected);
      assert.ok(!message.includes("html"));
      assert.deepEqual([facts["url"], facts["status"]], [url, status]);
    });
  }

  test("with the line that a host says, and not what it may hide", async (t) => {
    const say = (response: ServerResponse) =>
      response.writeHead(403, { "content-type": "text/plain" }).end(`because\u001b[31m${"x".repeat(1000)}`);
    const { message } = await refusal(dial(await listen(t, answering(say))));
    assert.match(message, /status 403 \(because \[31mx+\): /);
    assert.ok(message.length < 500);
  });

  test("also when its answer never ends", async (t) => {
    const leaving = new AbortController();
    const url = await listen(
      t,
      answering((response) => {
        response.writeHead(403, { "content-type": "text/plain" }).write("a");
        leaving.abort(new Error("leaving"));
      }),
    );
    const address = parseWebSocketAddress(url)!;
    await assert.rejects(connectWebSocket(address, undefined, {}, leaving.signal), /leaving/);
  });

  test("something that speaks no HTTP", async (t) => {
    const url = await listen(
      t,
      createSocketServer((socket) => socket.on("error", () => {}).end("220 mail.example ready\r\n")),
    );
    assert.match((await refusal(dial(url))).message, /does not speak the WebSocket of a host: Parse Error/);
  });

  test("a WebSocket of another kind", async (t) => {
    const server = createServer();
    const webSockets = new WebSocketServer({ server, handleProtocols: () => false });
    webSockets.on("connection", (socket) => socket.on("error", () => {}));
    const { message } = await refusal(dial(await listen(t, server)));
    assert.match(message, /does not speak the WebSocket of a host: Server sent no subprotocol/);
  });

  test("but the system's errors and those of TLS stay what they are", async (t) => {
    const server = createSocketServer();
    const url = await listen(t, server);
    server.close();
    await assert.rejects(dial(url), { code: "ECONNREFUSED" });
    const plain = await listen(
      t,
      answering((response) => response.end()),
    );
    await assert.rejects(dial(plain.replace("ws:", "wss:")), (error: NodeJS.ErrnoException) => {
      assert.ok(!isTenonError(error) && error.code !== undefined, String(error));
      return true;
    });
  });
});

describe("a WebSocket that is let in", () => {
  /** A server that lets everybody in, and sends at once. */
  async function letIn(t: TestContext): Promise<{ readonly url: string; readonly requests: IncomingMessage[] }> {
    const requests: IncomingMessage[] = [];
    const server = createServer();
    const webSockets = new WebSocketServer({ server });
    webSockets.on("connection", (socket, request) => {
      requests.push(request);
      socket.send(Buffer.from("at once"));
      socket.on("close", () => socket.terminate());
    });
    return { url: await listen(t, server), requests };
  }

  test("brings what was sent at once, asks without compression, and carries the headers [BIND-44]", async (t) => {
    const { url, requests } = await letIn(t);
    const stream = await dial(`${url}?a=b`, { headers: { Authorization: "Bearer of-the-proxy" } });
    const [chunk] = (await once(stream, "data")) as [Buffer];
    assert.equal(String(chunk), "at once");
    const [{ url: path, headers }] = requests as [IncomingMessage];
    assert.deepEqual([path, headers.authorization], ["/bind?a=b", "Bearer of-the-proxy"]);
    assert.deepEqual([headers["sec-websocket-extensions"], headers.origin], [undefined, undefined]);
    stream.end();
    await once(stream, "close");
  });

  test("goes out by an agent, which may know the way through a proxy [BIND-41]", async (t) => {
    const { url } = await letIn(t);
    const ways: string[] = [];
    class Way extends Agent {
      override createConnection(...given: Parameters<Agent["createConnection"]>) {
        ways.push(String(given[0].host));
        return super.createConnection(...given);
      }
    }
    const stream = await dial(url, { agent: new Way() });
    assert.deepEqual(ways, ["127.0.0.1"]);
    stream.destroy();
  });

  test("comes of the runtime's own WebSocket too, which says less [BIND-41]", async (t) => {
    Object.assign(globalThis, { WebSocket });
    t.after(() => Reflect.deleteProperty(globalThis, "WebSocket"));
    const { url } = await letIn(t);
    const stream = await connectGlobalWebSocket(url, "tenon.bind.v1", never);
    const [chunk] = (await once(stream, "data")) as [Buffer];
    assert.equal(String(chunk), "at once");
    stream.destroy();
  });

  test("is given up when the signal aborts [BIND-41]", async (t) => {
    const silent = await listen(
      t,
      createSocketServer((socket) => socket.on("error", () => {}).resume()),
    );
    const leaving = new AbortController();
    const attempt = connectWebSocket(parseWebSocketAddress(silent)!, undefined, {}, leaving.signal);
    setImmediate(() => leaving.abort(new Error("leaving")));
    await assert.rejects(attempt, /leaving/);
  });
});
