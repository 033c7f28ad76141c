import type { Duplex } from "node:stream";
import { formatHandshakeLine, stdioAddress } from "@tenon/core";
import type { Plugin } from "../implement.js";
import { createConnections } from "./connections.js";
import { preparePlugin } from "./prepare-plugin.js";
import type { ServeOptions } from "./serve-options.js";
import { createServing, type Place, type ServingPlugin } from "./serving.js";

/** Options of `serveStream`: those of `servePlugin` without what concerns sockets. */
export type ServeStreamOptions = Omit<ServeOptions, "network" | "socketDir" | "tls" | "tlsTimeoutMs">;

/**
 * Serves a plugin on one connected byte stream in place of a socket, with the same services as `servePlugin` and the same handle. The
 * plugin owns the stream from now on and ends when it does (`disconnected`). Where the environment asks for one connection for
 * everything (`PLUGIN_MULTIPLEX_GRPC` true) the stream carries yamux, whose first stream is the main channel; else it carries that
 * channel itself, and there is no broker: a plugin on a stream opens no socket. There is no TLS either, whatever the environment asks.
 *
 * Nothing is written before the peer speaks, so the caller can still send {@link ServingPlugin.line}, whose network is `stdio`.
 *
 * @throws {@link TenonError} `environment-invalid`, `option-invalid`; whatever `signal` was aborted with. The stream is destroyed then
 */
export async function serveStream(
  plugin: Plugin,
  stream: Duplex,
  options: ServeStreamOptions = {},
): Promise<ServingPlugin<"stdio">> {
  // Wire reports errors to whom they concern; without a listener here one would end the process.
  stream.on("error", () => {});
  try {
    return await serveOn(plugin, stream, options);
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

async function serveOn(plugin: Plugin, stream: Duplex, options: ServeStreamOptions): Promise<ServingPlugin<"stdio">> {
  const { signal, logger } = options;
  signal?.throwIfAborted();
  const prepared = preparePlugin(plugin, options);
  const { environment, notes, version, limits, server } = prepared;
  const multiplex = environment.multiplex === true;
  const connections = await createConnections({
    plugin: plugin.contract.name,
    server,
    serverOptions: options.server,
    tls: undefined,
    tlsTimeoutMs: limits.tlsTimeoutMs,
    brokerTimeoutMs: limits.brokerTimeoutMs,
    multiplex,
    sockets: undefined,
  });
  signal?.throwIfAborted();
  const line = formatHandshakeLine({
    coreVersion: 1,
    appVersion: version,
    network: "stdio",
    address: stdioAddress,
    transport: "grpc",
    ...(environment.multiplex !== undefined && { multiplex }),
  });
  const { handle, shutDown, lost } = createServing({
    line,
    network: "stdio",
    place: holdStream(stream),
    prepared,
    connections,
    signal,
    logger,
  });
  prepared.onShutdown = () => void shutDown();
  // Before wire's own listeners, which give up the calls that are counted here.
  for (const event of ["end", "error", "close"] as const) stream.once(event, lost);
  if (stream.destroyed || stream.readableEnded) lost();
  else connections.accept(stream);
  for (const note of notes) logger?.warn(note);
  logger?.debug("plugin serves on a stream", { version, multiplex });
  return handle;
}

/** A stream in the place of a listener: it is there already, and nobody else can come. */
function holdStream(stream: Duplex): Place {
  return {
    address: stdioAddress,
    stop() {},
    async emptied(timeoutMs) {
      if (stream.closed) return;
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        timer = setTimeout(resolve, timeoutMs);
        stream.once("close", resolve);
      });
      clearTimeout(timer);
    },
    destroy() {
      stream.destroy();
    },
  };
}
