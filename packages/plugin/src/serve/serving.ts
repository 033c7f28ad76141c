import type { HandshakeNetwork } from "@tenon/core";
import type { Listener } from "@tenon/wire/listen";
import type { Server } from "@tenon/wire/server";
import type { Logger } from "../log/logger.js";
import type { Connections } from "./connections.js";
import type { PreparedPlugin } from "./prepare-plugin.js";
import { checkNumber } from "./serve-options.js";

/** How a plugin came to its end. */
export interface PluginCloseReason {
  /**
   * `shutdown`: the host asked for it; `closed`: `close()` was called; `aborted`: the signal was aborted; `disconnected`: the stream
   * that it was served on ended first.
   */
  readonly kind: "shutdown" | "closed" | "aborted" | "disconnected";
  /** Whether every call in flight came to its own end. */
  readonly drained: boolean;
  /** From the request to the end, in milliseconds. */
  readonly elapsedMs: number;
}

/** A plugin that is being served. */
export interface ServingPlugin<N extends HandshakeNetwork = HandshakeNetwork> {
  /** The handshake line for the host, without line break. */
  readonly line: string;
  /** `stdio` where it is served on a stream, whatever kind of stream that is. */
  readonly network: N;
  /** Path of the socket, `127.0.0.1:port`, or `-` for a stream. */
  readonly address: string;
  /** The version of the contract that was chosen. */
  readonly version: number;
  /** Resolves when socket, connections and directory are gone; never rejects. */
  readonly closed: Promise<PluginCloseReason>;
  /** Sends bytes to the host as the plugin's standard output. Never waits and never throws. */
  writeStdout(chunk: Uint8Array): void;
  /** Sends bytes to the host as the plugin's standard error output. */
  writeStderr(chunk: Uint8Array): void;
  /** Takes back what was written and no host has read yet, for the way out. */
  takeUnread(): Uint8Array;
  /**
   * Ends: refuses new connections and calls, lets those in flight finish for up to `drainTimeoutMs`, then removes
   * everything. May be called again; a shorter time given later is not applied, {@link destroy} is for that.
   */
  close(options?: { readonly drainTimeoutMs?: number }): Promise<PluginCloseReason>;
  /** Ends at once. Socket and directory are gone when it returns, so that it fits a process's exit handler. */
  destroy(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How long peers have to end their side of a connection once they got their answers, in milliseconds. */
const lingerMs = 80;

/** Where the host reaches the plugin: what `close` and `destroy` end last. */
export type Place = Pick<Listener, "address" | "stop" | "emptied" | "destroy">;

interface ServingInit<N extends HandshakeNetwork> {
  readonly line: string;
  readonly network: N;
  readonly place: Place;
  readonly prepared: PreparedPlugin;
  readonly connections: Connections;
  readonly signal: AbortSignal | undefined;
  readonly logger: Logger | undefined;
}

/** Whether all calls ended within the time. The timer is ours since the server does not tell how its own one went. */
async function drainServer(server: Server, connections: Connections, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, false);
  });
  const giveUp = new AbortController();
  const ended = server.close({ graceMs: 2 ** 31 - 1 });
  const brokered = onlyBrokersLeft(server, connections, giveUp.signal).then(() => connections.close(2 ** 31 - 1));
  const drained = Promise.all([ended, brokered]).then(() => true);
  try {
    return await Promise.race([drained, late]);
  } finally {
    clearTimeout(timer);
    giveUp.abort();
  }
}

/** How often a plugin that drains looks whether its handlers are done, in milliseconds. */
const lookMs = 5;

/** Handlers at work may yet call the host: the brokers' streams, which are calls of the host too, end behind all others. */
async function onlyBrokersLeft(server: Server, connections: Connections, signal: AbortSignal): Promise<void> {
  while (server.inFlight > connections.brokerStreams && !signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}

/** Makes the handle of a plugin that can be reached, the function that the host's Shutdown calls, and one for a lost stream. */
export function createServing<N extends HandshakeNetwork>(
  init: ServingInit<N>,
): {
  readonly handle: ServingPlugin<N>;
  readonly shutDown: () => Promise<void>;
  readonly lost: () => void;
} {
  const { line, network, place, connections, signal, logger } = init;
  const { version, limits, server, stdio, closing } = init.prepared;
  let settle: (reason: PluginCloseReason) => void;
  const closed = new Promise<PluginCloseReason>((resolve) => {
    settle = resolve;
  });
  let state: "serving" | "draining" | "closed" = "serving";
  let beganMs = 0;

  const begin = (next: "draining" | "closed") => {
    if (state === "serving") beganMs = performance.now();
    state = next;
    closing.abort();
    stdio.end();
    place.stop();
  };
  const finish = (kind: PluginCloseReason["kind"], drained: boolean) => {
    if (state === "closed") return;
    begin("closed");
    signal?.removeEventListener("abort", abort);
    server.destroy();
    connections.destroy();
    place.destroy();
    settle({ kind, drained, elapsedMs: performance.now() - beganMs });
  };
  const abort = () => finish("aborted", server.inFlight === 0);
  const lost = () => {
    // A drain in progress sees it by itself.
    if (state !== "serving") return;
    logger?.debug("the stream of the host has ended", { calls_in_flight: server.inFlight });
    finish("disconnected", server.inFlight === 0);
  };
  const drain = async (kind: "shutdown" | "closed", drainTimeoutMs: number): Promise<PluginCloseReason> => {
    if (state === "serving") {
      begin("draining");
      logger?.debug("plugin is closing", { calls_in_flight: server.inFlight });
      const drained = await drainServer(server, connections, drainTimeoutMs);
      connections.finish(lingerMs);
      // A peer that still writes loses what it has not read yet when its connection is destroyed under it.
      await place.emptied(drained ? lingerMs : 0);
      finish(kind, drained);
    }
    return closed;
  };

  const handle: ServingPlugin<N> = {
    line,
    version,
    network,
    address: place.address,
    closed,
    writeStdout: (chunk) => stdio.write("stdout", chunk),
    writeStderr: (chunk) => stdio.write("stderr", chunk),
    takeUnread: () => Buffer.concat(stdio.takeAll().map(({ data }) => data)),
    close: async ({ drainTimeoutMs = limits.drainTimeoutMs } = {}) => {
      checkNumber("drainTimeoutMs", drainTimeoutMs);
      return drain("closed", drainTimeoutMs);
    },
    destroy: abort,
    async [Symbol.asyncDispose]() {
      await handle.close();
    },
  };
  const shutDown = async () => {
    await drain("shutdown", limits.drainTimeoutMs);
  };
  if (signal?.aborted) abort();
  else signal?.addEventListener("abort", abort);
  return { handle, shutDown, lost };
}
