import { once } from "node:events";
import {
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { echoMessage, frame, readMessages } from "./grpc-frames.js";

function text(headers: IncomingHttpHeaders, name: string): string {
  return String(headers[name] ?? "");
}

/** gRPC's own percent-encoding: everything but printable ASCII without %. */
function encodeMessage(message: string): string {
  const bytes = [...Buffer.from(message)];
  const hex = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  return bytes.map((byte) => (byte < 32 || byte > 126 || byte === 37 ? hex(byte) : String.fromCharCode(byte))).join("");
}

async function send(stream: ServerHttp2Stream, message: Buffer): Promise<void> {
  if (!stream.write(frame(message))) await once(stream, "drain");
}

async function answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
  const header: OutgoingHttpHeaders = { ":status": 200, "content-type": "application/grpc" };
  const trailer: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith("echo-")) continue;
    header[name] = value;
    trailer[name.replace("echo", "echo-trailer")] = value;
  }
  const details = headers["x-details-bin"];
  if (details !== undefined) trailer["grpc-status-details-bin"] = details;
  const method = text(headers, ":path").replace("/tenon.test.v1.Echo/", "");
  if (!["Unary", "ServerStream", "ClientStream", "Bidi"].includes(method)) {
    stream.respond({ ...header, "grpc-status": "12" }, { endStream: true });
    return;
  }
  stream.respond(header, { waitForTrailers: true });
  const status = text(headers, "x-status") || "0";
  stream.on("wantTrailers", () => {
    const message = encodeMessage(decodeURIComponent(text(headers, "x-message")));
    stream.sendTrailers({ ...trailer, "grpc-status": status, "grpc-message": message });
  });
  await sleep(Number(text(headers, "x-delay-ms") || 0), undefined, { ref: false });
  const messages: Buffer[] = [];
  for await (const message of readMessages(stream)) {
    if (method === "Bidi") await send(stream, message);
    else messages.push(message);
  }
  const fill = text(headers, "x-fill");
  const whole = fill === "" ? Buffer.concat(messages) : echoMessage(Buffer.alloc(Number(fill), 7));
  const count = method === "Bidi" ? 0 : method === "ServerStream" ? Number(text(headers, "x-count") || 1) : 1;
  const sent = status !== "0" && method !== "ServerStream" ? 0 : count;
  for (let i = 0; i < sent; i++) await send(stream, whole);
  stream.end();
}

/** Serves Echo with node:http2 at this unix socket until closed. */
export async function serveEchoWithHttp2(path: string): Promise<{ close(): Promise<void> }> {
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer();
  server.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
  });
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    answer(stream, headers).catch(() => stream.destroy());
  });
  server.listen(path);
  await once(server, "listening");
  return {
    close: async () => {
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
