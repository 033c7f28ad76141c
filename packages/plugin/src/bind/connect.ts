import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { TenonError } from "@tenon/core";
import { openSocket } from "@tenon/wire";
import { secureClient } from "@tenon/wire/tls";
import type { BindAddress } from "./address.js";
import type { BindTlsSettings, DialInOptions } from "./options.js";

/**
 * Connects to the host within a time: a byte stream that is ready for HTTP/2. Rejects with what the system or TLS says, or with the
 * signal's reason; a stream that comes later than that is destroyed.
 */
export async function connectToHost(
  address: BindAddress,
  options: Pick<DialInOptions, "tls" | "connect" | "webSocket">,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Duplex> {
  // Of its own, since it must not abort any more when the stream is there.
  const attempt = new AbortController();
  const late = () => attempt.abort(new Error(`no connection within ${timeoutMs} ms`));
  const leave = () => attempt.abort(signal.reason);
  const timer = setTimeout(late, timeoutMs);
  signal.addEventListener("abort", leave);
  if (signal.aborted) leave();
  const connecting = connect(address, options, attempt.signal);
  try {
    return await Promise.race([connecting, rejectOnAbort(attempt.signal)]);
  } catch (error) {
    void connecting.then(
      (stream) => stream.on("error", () => {}).destroy(),
      () => {},
    );
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", leave);
  }
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort);
  });
}

async function connect(
  address: BindAddress,
  { tls: given = false, connect: own, webSocket = {} }: Pick<DialInOptions, "tls" | "connect" | "webSocket">,
  signal: AbortSignal,
): Promise<Duplex> {
  if (own !== undefined) return own(signal);
  const tls = typeof given === "function" ? await given() : given;
  if (address.network === "unix") {
    const socket = await openSocket({ path: address.path }, signal);
    return tls === false ? socket : secureClient(socket, tlsOptions("localhost", tls), signal);
  }
  if (address.network === "ws") {
    const { connectWebSocket } = await import("../websocket/connect.js");
    return connectWebSocket(address, typeof tls === "object" ? tls : undefined, webSocket, signal);
  }
  const { host, port } = address;
  const socket = await openSocket({ host, port, noDelay: true, keepAlive: true }, signal);
  return tls === false ? socket : secureClient(socket, tlsOptions(host, tls), signal);
}

function tlsOptions(host: string, tls: true | BindTlsSettings) {
  const own = tls === true ? {} : tls;
  return {
    minVersion: "TLSv1.2",
    // A certificate may name an address, but a client must not ask for one by it.
    ...(isIP(host) === 0 && { servername: host }),
    ...own,
    host,
    rejectUnauthorized: true,
    ALPNProtocols: ["h2"],
  } as const;
}

/** @throws {@link TenonError} `token-unreadable` */
export async function readToken({ token, tokenFile }: Pick<DialInOptions, "token" | "tokenFile">): Promise<string> {
  if (tokenFile === undefined) return token ?? "";
  try {
    return (await readFile(tokenFile, "utf8")).trim();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TenonError("token-unreadable", `The plugin's token cannot be read from ${tokenFile}: ${why}.`, {
      facts: { tokenFile },
      cause,
    });
  }
}
