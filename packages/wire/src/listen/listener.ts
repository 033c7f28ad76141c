import { createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TlsOptions } from "node:tls";
import { TenonError } from "@tenon/core";
import { createSocketPlace, restrictSocket } from "./socket-place.js";

/** An open server socket. */
export interface Listener {
  readonly network: "unix" | "tcp";
  /** What goes into the handshake line. */
  readonly address: string;
  readonly notes: readonly string[];
  /** Refuses new connections from now on; those that are open stay. */
  stop(): void;
  /** Resolves when no connection is open any more, or after `timeoutMs`. */
  emptied(timeoutMs: number): Promise<void>;
  /** Removes socket and directory, and destroys every connection, before it returns. */
  destroy(): void;
}

/** The part of a TLS server's options that makes both sides prove themselves; see wire's `pinnedTls`. */
export type TlsServerOptions = TlsOptions;

/** What a listener needs to know. */
export interface ListenOptions {
  /** Contract name, for errors. */
  readonly plugin: string;
  /** Whose socket it is, as the subject of messages. Default: the plugin. */
  readonly owner?: string | undefined;
  /** First part of the socket's name in a directory that is given. Default: `plugin`. */
  readonly prefix?: string | undefined;
  readonly network: "unix" | "tcp";
  readonly socketDir?: string | undefined;
  readonly tempDir?: string | undefined;
  readonly groupId?: number | undefined;
  /** Ports tried on 127.0.0.1, one after the other; both 0: any. */
  readonly minPort: number;
  readonly maxPort: number;
  readonly tls?: TlsServerOptions | undefined;
  /**
   * Whether these options are known to be good, so that TLS, which takes some milliseconds to load and prepare, may wait until the address
   * has been passed on. Default false: bad ones are thrown.
   */
  readonly tlsLater?: boolean;
  /** How long a TLS handshake may take, in milliseconds. */
  readonly tlsTimeoutMs: number;
  /** Takes each connection once it is fit for HTTP/2. */
  readonly onConnection: (stream: Duplex) => void;
  /** Told of connections that were refused, and why. */
  readonly onRefused: (error: Error) => void;
}

/**
 * Opens a server socket: a unix socket that only its owner can reach, or a port on 127.0.0.1.
 *
 * @throws {@link TenonError} `listen-failed`, `socket-path-too-long`
 */
export async function openListener(options: ListenOptions): Promise<Listener> {
  const sockets = new Set<Socket>();
  const server = await createSocketServer(options);
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    // Wire or TLS reports errors to whom they concern; without a listener here one would end the process.
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  const stop = () => {
    if (server.listening) server.close();
  };
  const destroySockets = () => {
    for (const socket of sockets) socket.destroy();
  };
  const emptied = (timeoutMs: number) => waitForAll(sockets, timeoutMs);
  const open = { server, stop, emptied, destroySockets };
  return options.network === "unix" ? listenOnPath(open, options) : listenOnPort(open, options);
}

interface OpenServer extends Pick<Listener, "stop" | "emptied"> {
  readonly server: Server;
  readonly destroySockets: () => void;
}

async function waitForAll(sockets: ReadonlySet<Socket>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  const all = [...sockets].map((socket) => new Promise((resolve) => socket.once("close", resolve)));
  await Promise.race([Promise.all(all), late]);
  clearTimeout(timer);
}

async function createSocketServer(options: ListenOptions): Promise<Server> {
  const { tls, tlsLater, tlsTimeoutMs, onConnection, onRefused } = options;
  if (tls === undefined) return createServer({ noDelay: true }, onConnection);
  const prepare = async () => {
    const { createTlsAcceptor } = await import("../tls/acceptor.js");
    return createTlsAcceptor(tls, tlsTimeoutMs, onConnection, onRefused);
  };
  let secure: ReturnType<typeof prepare> | undefined;
  const prepared = () => (secure ??= prepare());
  if (tlsLater === true) setImmediate(() => void prepared());
  else await prepared();
  const take = async (socket: Socket) => {
    const accept = await prepared();
    if (!socket.destroyed) accept(socket);
  };
  return createServer({ noDelay: true }, (socket) => void take(socket));
}

async function listenOnPath(open: OpenServer, options: ListenOptions): Promise<Listener> {
  const { server, stop, emptied, destroySockets } = open;
  const { plugin, owner, prefix, groupId, socketDir, tempDir } = options;
  const place = createSocketPlace({ plugin, owner, prefix, groupId, socketDir, tempDir });
  try {
    await listen(server, { path: place.path });
    restrictSocket(place.path, groupId);
  } catch (error) {
    stop();
    place.remove();
    throw listenFailed(options, `at ${place.path}`, error, { path: place.path });
  }
  const destroy = () => {
    stop();
    destroySockets();
    place.remove();
  };
  return { network: "unix", address: place.path, notes: place.notes, stop, emptied, destroy };
}

async function listenOnPort(open: OpenServer, options: ListenOptions): Promise<Listener> {
  const { server, stop, emptied, destroySockets } = open;
  const { minPort, maxPort } = options;
  let last: unknown;
  for (let port = minPort; port <= maxPort; port++) {
    try {
      await listen(server, { host: "127.0.0.1", port });
      const bound = server.address();
      const address = `127.0.0.1:${typeof bound === "object" && bound !== null ? bound.port : port}`;
      const destroy = () => {
        stop();
        destroySockets();
      };
      return { network: "tcp", address, notes: [], stop, emptied, destroy };
    } catch (error) {
      last = error;
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "EADDRINUSE" && code !== "EACCES") break;
    }
  }
  const where = minPort === maxPort ? `port ${minPort}` : `any port from ${minPort} to ${maxPort}`;
  throw listenFailed(options, `on 127.0.0.1, ${where}`, last, { minPort, maxPort });
}

function listen(server: Server, where: { path: string } | { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function listenFailed(
  { plugin, owner = `The plugin "${plugin}"` }: ListenOptions,
  where: string,
  cause: unknown,
  facts: Record<string, unknown>,
): TenonError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new TenonError("listen-failed", `${owner} cannot listen ${where}: ${why}.`, { plugin, facts, cause });
}
