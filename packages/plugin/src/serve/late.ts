import type { Duplex } from "node:stream";
import type { Plugin } from "../implement.js";
import type { ServeOptions } from "./serve-options.js";
import type { ServeStreamOptions } from "./serve-stream.js";
import type { ServingPlugin } from "./serving.js";

/**
 * Serves a plugin: opens its socket and its gRPC server with go-plugin's own services beside the plugin's, and returns a
 * handle. It touches nothing global: it reads no environment but the one given, prints nothing, listens to no signal
 * and never exits; `runPlugin` does those things around it. The caller passes {@link ServingPlugin.line} to the host.
 *
 * What serves is loaded here, so that importing this package costs little where nothing is served.
 *
 * @throws {@link TenonError} `environment-invalid`, `certificate-invalid`, `socket-path-too-long`, `address-invalid`, `listen-failed`,
 *   `option-invalid`; whatever `signal` was aborted with
 */
export async function servePlugin(plugin: Plugin, options: ServeOptions = {}): Promise<ServingPlugin> {
  const serve = await import("./serve-plugin.js");
  return serve.servePlugin(plugin, options);
}

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
  // The stream may fail while the rest is loaded; whoever serves it sees that it is destroyed.
  stream.on("error", () => {});
  const serve = await import("./serve-stream.js");
  return serve.serveStream(plugin, stream, options);
}
