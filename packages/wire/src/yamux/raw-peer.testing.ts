import type { Duplex } from "node:stream";
import { createDuplexPair, eventually } from "@tenon/testkit";
import { FrameReader } from "./frame-reader.js";
import { createYamuxSession } from "./session.js";
import type { YamuxSession } from "./yamux-session.js";
import type { YamuxOptions } from "./options.js";
import type { YamuxStream } from "./stream.js";

/** One frame as bytes; data frames get their length from the payload. */
export function formatFrame(type: number, flags: number, id: number, body: number | Uint8Array): Buffer {
  const payload = typeof body === "number" ? Buffer.alloc(0) : body;
  const header = Buffer.alloc(12);
  header[1] = type;
  header.writeUInt16BE(flags, 2);
  header.writeUInt32BE(id, 4);
  header.writeUInt32BE(typeof body === "number" ? body : body.length, 8);
  return Buffer.concat([header, payload]);
}

/** A session of ours and, at the other end, bytes. */
export interface RawPeer {
  readonly session: YamuxSession;
  readonly stream: Duplex;
  /** What our session has sent: `type flags id length`, payload left out. */
  readonly frames: string[];
  send(...frames: readonly Buffer[]): void;
  /** Resolves when the session has sent such a frame. */
  sees(frame: string): Promise<unknown>;
  /** Lets go of the byte stream. */
  drop(): void;
}

/** Connects a session to a peer that sends whatever a test wants. */
export function connectRawPeer(options: YamuxOptions): RawPeer {
  const [near, far] = createDuplexPair();
  const frames: string[] = [];
  const reader = new FrameReader({
    onFrame: (...frame) => frames.push(frame.join(" ")),
    onPayload: () => {},
  });
  far.on("data", (chunk: Buffer) => reader.push(chunk));
  far.on("error", () => {});
  return {
    session: createYamuxSession(near, options),
    stream: far,
    frames,
    send: (...sent) => void far.write(Buffer.concat(sent)),
    sees: (frame) => eventually(() => frames.includes(frame), { what: `${frame} among ${frames.join(", ")}` }),
    drop: () => far.destroy(),
  };
}

/** For streams whose failure is not the point. */
export function quiet(stream: YamuxStream): YamuxStream {
  return stream.on("error", () => {});
}

/** Everything up to the end. Unlike `for await` it leaves the writing side alone. */
export function readAll(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    stream.once("end", () => resolve(Buffer.concat(chunks)));
    stream.once("error", reject);
  });
}

/** The same as text. */
export async function readText(stream: Duplex): Promise<string> {
  return (await readAll(stream)).toString();
}

/** Two sessions of ours on one pair. */
export function connectSessions(
  client: Partial<YamuxOptions> = {},
  server: Partial<YamuxOptions> = {},
  ends: readonly [Duplex, Duplex] = createDuplexPair(),
): { readonly client: YamuxSession; readonly server: YamuxSession; readonly ends: readonly [Duplex, Duplex] } {
  return {
    client: createYamuxSession(ends[0], { role: "client", ...client }),
    server: createYamuxSession(ends[1], { role: "server", ...server }),
    ends,
  };
}
