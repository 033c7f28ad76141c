import { X509Certificate } from "node:crypto";
import { connect as connectSocket, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { type Certificate, type Channel, type ChannelOptions, createChannel } from "@tenon/wire";
import { createYamuxSession, type YamuxSession } from "@tenon/wire/yamux";
import { withTimeout } from "../timing.js";
import type { Target } from "./line.js";

/** Connects to a plugin's address. */
export async function dialSocket(target: Target, timeoutMs: number): Promise<Socket> {
  const where = target.network === "unix" ? { path: target.path } : { host: target.host, port: target.port };
  const socket = connectSocket(where);
  socket.on("error", () => {});
  const connected = new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  try {
    await withTimeout(connected, timeoutMs, "the connection");
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** How to speak TLS with a plugin. */
export interface SecureOptions {
  /** What to show; undefined: nothing. */
  readonly own: Certificate | undefined;
  /** Accept this certificate alone; undefined: any, for checks that are about something else. */
  readonly trusted?: X509Certificate;
  readonly minVersion?: "TLSv1.2";
  readonly maxVersion?: "TLSv1.2" | "TLSv1.3";
}

/** Runs TLS over a stream. With TLS 1.3 it resolves before the plugin has judged our certificate. */
export async function secureStream(stream: Duplex, options: SecureOptions, timeoutMs: number): Promise<TLSSocket> {
  const { own, trusted, minVersion = "TLSv1.2", maxVersion } = options;
  const secured = connectTls({
    socket: stream,
    servername: "localhost",
    ALPNProtocols: ["h2"],
    minVersion,
    ...(maxVersion && { maxVersion }),
    rejectUnauthorized: trusted !== undefined,
    ...(trusted && { ca: trusted.toString() }),
    ...(own && { cert: own.certPem, key: own.keyPem }),
  });
  secured.on("error", () => {});
  const ready = new Promise<void>((resolve, reject) => {
    secured.once("secureConnect", resolve);
    secured.once("error", reject);
    secured.once("close", () => reject(new Error("it closed the connection during the TLS handshake")));
  });
  try {
    await withTimeout(ready, timeoutMs, "the TLS handshake");
    return secured;
  } catch (error) {
    secured.destroy();
    stream.destroy();
    throw error;
  }
}

/** Whether an HTTP/2 server answers on a stream, asked by a PING, which is also the proof that TLS let us in. Ends the stream. */
export async function isAnswered(stream: Duplex, timeoutMs: number): Promise<boolean> {
  const channel = createChannel(stream);
  try {
    await channel.ping({ timeoutMs });
    return true;
  } catch {
    return false;
  } finally {
    channel.destroy();
  }
}

/** A plaintext channel to a plugin. */
export async function dialPlain(target: Target, timeoutMs: number, options?: ChannelOptions): Promise<Channel> {
  return createChannel(await dialSocket(target, timeoutMs), options);
}

/** A multiplexed connection to a plugin, as a host makes it. */
export async function dialYamux(target: Target, timeoutMs: number): Promise<YamuxSession> {
  const socket = await dialSocket(target, timeoutMs);
  return createYamuxSession(socket, {
    role: "client",
    openTimeoutMs: timeoutMs,
    onStream: (stream) => stream.destroy(),
  });
}

/** Reads the sixth field. Throws where it is no certificate; padding is forgiven. */
export function readCertificate(field: string): X509Certificate {
  return new X509Certificate(Buffer.from(field, "base64"));
}
