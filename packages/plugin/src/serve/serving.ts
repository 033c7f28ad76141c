import type { Listener } from "@tenon/wire/listen";
import type { Server } from "@tenon/wire/server";
import type { Logger } from "../log/logger.js";
import type { StdioBuffer } from "../services/stdio-buffer.js";
import type { Connections } from "./connections.js";
import { checkNumber, type ServeLimits } from "./serve-options.js";

/** How a plugin came to its end. */
export interface PluginCloseReason {
  /** `shutdown`: the host asked for it; `closed`: `close()` was called; `aborted`: the signal was aborted. */
  readonly kind: "shutdown" | "closed" | "aborted";
  /** Whether every call in flight came to its own end. */
  readonly drained: boolean;
  /** From the request to the end, in milliseconds. */
  readonly elapsedMs: number;
}

/** A plugin that is being served. */
export interface ServingPlugin {
  /** The handshake line for the host, without line break. */
  readonly line: string;
  readonly network: "unix" | "tcp";
  /** Path of the socket, or `127.0.0.1:port`. */
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

interface ServingInit {
  readonly line: string;
  readonly version: number;
  readonly network: "unix" | "tcp";
  readonly listener: Listener;
  readonly server: Server;
  readonly connections: Connections;
  readonly stdio: StdioBuffer;
  readonly closing: AbortController;
  readonly limits: ServeLimits;
  readonly signal: AbortSignal | undefined;
  readonly logger: Logger | undefined;
}

/** Whether all calls ended within the time. The timer is ours since the server does not tell how its own one went. */
async function drainServer(server: Server, connections: Connections, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, false);
  });
  const brokered = connections.close(2 ** 31 - 1);
  const drained = Promise.all([server.close({ graceMs: 2 ** 31 - 1 }), brokered]).then(() => true);
  try {
    return await Promise.race([drained, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Makes the handle of a plugin whose listener is open, and the function that the host's Shutdown calls. */
export function createServing(init: ServingInit): {
  readonly handle: ServingPlugin;
  readonly shutDown: () => Promise<void>;
} {
  const { line, version, network, listener, server, connections, stdio, closing, limits, signal, logger } = init;
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
    listener.stop();
  };
  const finish = (kind: PluginCloseReason["kind"], drained: boolean) => {
    if (state === "closed") return;
    begin("closed");
    signal?.removeEventListener("abort", abort);
    server.destroy();
    connections.destroy();
    listener.destroy();
    settle({ kind, drained, elapsedMs: performance.now() - beganMs });
  };
  const abort = () => finish("aborted", server.inFlight === 0);
  const drain = async (kind: "shutdown" | "closed", drainTimeoutMs: number): Promise<PluginCloseReason> => {
    if (state === "serving") {
      begin("draining");
      logger?.debug("plugin is closing", { calls_in_flight: server.inFlight });
      const drained = await drainServer(server, connections, drainTimeoutMs);
      connections.finish(lingerMs);
      // A peer that still writes loses what it has not read yet when its connection is destroyed under it.
      await listener.emptied(drained ? lingerMs : 0);
      finish(kind, drained);
    }
    return closed;
  };

  const handle: ServingPlugin = {
    line,
    version,
    network,
    address: listener.address,
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
  return { handle, shutDown };
}
