import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { connect, createServer as listenTo, type Server as Listener, type Socket } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { ServiceImpl } from "@connectrpc/connect";
import { createServer, type Server, type ServerOptions } from "@tenon/wire";
import { Echo } from "../gen/tenon/test/v1/echo_pb.js";

/** A unix socket on which servers of Echo come and go. */
export class UnixEcho {
  readonly #folder = mkdtempSync("/tmp/tw");
  readonly path = join(this.#folder, "s");
  readonly #service: Partial<ServiceImpl<typeof Echo>>;
  readonly #options: ServerOptions;
  #listener: Listener | undefined;
  #sockets = new Set<Socket>();
  #servers = 0;
  server: Server | undefined;

  constructor(service: Partial<ServiceImpl<typeof Echo>>, options: ServerOptions = {}) {
    this.#service = service;
    this.#options = options;
  }

  /** A new server takes all connections from now on; the one before, if any, keeps those that it has. */
  async listen(options: ServerOptions = this.#options): Promise<Server> {
    const server = createServer(options).add(Echo, this.#service);
    const sockets = new Set<Socket>();
    const listener = listenTo((socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      server.accept(socket);
    });
    // Under a name of its own first: between two servers there must be no moment without a socket.
    const own = `${this.path}${++this.#servers}`;
    await new Promise<void>((resolve) => listener.listen(own, resolve));
    renameSync(own, this.path);
    // What is in the backlog of the old one is still accepted.
    await sleep(10);
    this.#listener?.close();
    this.server = server;
    this.#listener = listener;
    this.#sockets = sockets;
    return server;
  }

  /** For `dial`. */
  readonly connect = (signal: AbortSignal): Duplex => connect({ path: this.path, signal });

  /** Takes no more connections and loses those that there are, as a process that is killed. */
  kill(): void {
    this.#stopListening();
    for (const socket of this.#sockets) socket.destroy();
    this.server?.destroy();
  }

  /** Takes no more connections and says GOAWAY on those that there are. */
  async leave(): Promise<void> {
    this.#stopListening();
    await this.server?.close();
  }

  #stopListening(): void {
    this.#listener?.close();
    this.#listener = undefined;
    rmSync(this.path, { force: true });
  }

  [Symbol.dispose](): void {
    this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
