import { request } from "node:http";
import type { Duplex } from "node:stream";

/** What a client that knows HTTP asks for. */
export interface Ask {
  readonly path?: string;
  readonly host?: string;
  /** Taken out where it is undefined. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** Asks for a WebSocket, as a plugin would but for `ask`: the status, and what was said with it. */
export async function askForWebSocket(
  address: string,
  ask: Ask = {},
): Promise<{ readonly status: number; readonly body: string }> {
  const { hostname, port, pathname } = new URL(address);
  const headers = {
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": Buffer.alloc(16, 1).toString("base64"),
    "Sec-WebSocket-Protocol": "tenon.bind.v1",
    ...ask.headers,
  };
  const given = Object.fromEntries(
    Object.entries(headers).filter((each): each is [string, string] => each[1] !== undefined),
  );
  return new Promise((resolve, reject) => {
    const asking = request({
      host: ask.host ?? hostname,
      port,
      path: ask.path ?? pathname,
      headers: given,
      agent: false,
    });
    asking.on("error", reject);
    asking.on("upgrade", (_response, socket: Duplex) => {
      socket.destroy();
      resolve({ status: 101, body: "" });
    });
    asking.on("response", (response) => {
      let body = "";
      response.on("data", (chunk) => (body += String(chunk)));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      response.on("error", reject);
    });
    asking.end();
  });
}
