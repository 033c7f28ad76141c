import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { buildGo } from "@tenon/example-kv/go";
import { createYamuxSession, type YamuxOptions, type YamuxSession, type YamuxStream } from "@tenon/wire/yamux";

/** A session of ours with the Go program in test/conformance/yamux at its other end. */
export interface GoSession {
  readonly session: YamuxSession;
  /** Opens a stream and sends its first line, which says what the program is to do with it. */
  open(line: string): Promise<YamuxStream>;
  /** The same, and reads the answer to its end. */
  ask(line: string): Promise<string>;
  /** What Go's yamux has logged. */
  readonly log: () => string;
  /** Closes the session and waits for the program, which has to end by itself with exit code 0. */
  close(): Promise<void>;
}

/** Builds the program, once. Resolves with its path, or with the sentence that says why there is none. */
export async function buildGoYamux(): Promise<{ program: string; missing?: never } | { missing: string }> {
  // Seen from test/dist/conformance/peers.
  const module = fileURLToPath(new URL("../../../conformance/yamux", import.meta.url));
  const built = await buildGo({ module, packages: ["."] });
  return built.folder === undefined ? built : { program: join(built.folder, "conformance-yamux") };
}

/** Starts the program in the other role than ours on a socket at `path`. */
export async function startGoYamux(
  program: string,
  path: string,
  options: YamuxOptions,
  wrap: (stream: Duplex) => Duplex = (stream) => stream,
): Promise<GoSession> {
  const listener = createServer().listen(path);
  await once(listener, "listening");
  const role = options.role === "client" ? "server" : "client";
  const child = spawn(program, [role, path], { stdio: ["ignore", "ignore", "pipe"] });
  const exited = once(child, "close") as Promise<[number | null]>;
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  const [socket] = (await once(listener, "connection")) as [Duplex];
  listener.close();
  const session = createYamuxSession(wrap(socket), options);
  const open = async (line: string): Promise<YamuxStream> => {
    const stream = await session.open();
    stream.write(`${line}\n`);
    return stream;
  };
  return {
    session,
    open,
    ask: async (line) => (await readAll(await open(line))).toString(),
    log: () => log,
    close: async () => {
      await session.close();
      const [code] = await exited;
      if (code !== 0) throw new Error(`the Go program ended with ${code}:\n${log}`);
    },
  };
}

/** Ends our side and reads the other to its end. */
export async function readAll(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.end();
  await once(stream, "end");
  return Buffer.concat(chunks);
}
