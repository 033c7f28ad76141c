import { platform } from "node:os";
import { formatHandshakeLine, TenonError } from "@tenon/core";
import { findGroupId, type Listener, openListener } from "@tenon/wire/listen";
import type { Plugin } from "../implement.js";
import { createConnections } from "./connections.js";
import { preparePlugin } from "./prepare-plugin.js";
import { completeTls, type ServeOptions } from "./serve-options.js";
import { createServing, type ServingPlugin } from "./serving.js";

/**
 * Serves a plugin: opens its socket and its gRPC server with go-plugin's own services beside the plugin's, and returns a
 * handle. It touches nothing global: it reads no environment but the one given, prints nothing, listens to no signal
 * and never exits; `runPlugin` does those things around it. The caller passes {@link ServingPlugin.line} to the host.
 *
 * @throws {@link TenonError} `environment-invalid`, `certificate-invalid`, `socket-path-too-long`, `address-invalid`, `listen-failed`,
 *   `option-invalid`; whatever `signal` was aborted with
 */
export async function servePlugin(plugin: Plugin, options: ServeOptions = {}): Promise<ServingPlugin<"unix" | "tcp">> {
  const { signal, logger, network = platform() === "win32" ? "tcp" : "unix", environment: variables = {} } = options;
  signal?.throwIfAborted();
  const { name } = plugin.contract;
  const prepared = preparePlugin(plugin, options);
  const { environment, notes, version, limits, server } = prepared;

  const { clientCertificate, socketGroup, minPort, maxPort } = environment;
  const own = options.tls === undefined ? undefined : completeTls(options.tls);
  const mtls = clientCertificate === undefined || own ? undefined : await startTls(clientCertificate, name);
  const tls = own ?? mtls?.options;
  const groupId = socketGroup === undefined || network === "tcp" ? undefined : await findGroupId(socketGroup, name);
  const multiplex = environment.multiplex === true;
  const connections = await createConnections({
    plugin: name,
    server,
    serverOptions: options.server,
    tls,
    tlsTimeoutMs: limits.tlsTimeoutMs,
    brokerTimeoutMs: limits.brokerTimeoutMs,
    multiplex,
    sockets: { groupId, minPort, maxPort },
  });
  let listener: Listener;
  try {
    listener = await openListener({
      plugin: name,
      network,
      groupId,
      socketDir: environment.socketDir,
      tempDir: options.socketDir ?? variables["TMPDIR"],
      minPort,
      maxPort,
      // Where one connection carries everything, TLS is inside each of its streams.
      tls: multiplex ? undefined : tls,
      // We made them, a moment ago.
      tlsLater: mtls !== undefined,
      tlsTimeoutMs: limits.tlsTimeoutMs,
      onConnection: (stream) => connections.accept(stream),
      onRefused: (error) => logger?.warn("a connection was refused: it did not prove to be the host", { error }),
    });
  } catch (error) {
    server.destroy();
    throw error;
  }
  connections.listensAt(network, listener.address);

  const line = tryFormat(listener, () =>
    formatHandshakeLine({
      coreVersion: 1,
      appVersion: version,
      network,
      address: listener.address,
      transport: "grpc",
      ...(mtls && { certificate: mtls.certificate }),
      // Whether we can, as in go-plugin, not whether we do: any value of the variable asks for the field.
      ...(environment.multiplex !== undefined && { multiplex: true }),
    }),
  );
  const { handle, shutDown } = createServing({
    line,
    network,
    place: listener,
    prepared,
    connections,
    signal,
    logger,
  });
  prepared.onShutdown = () => void shutDown();
  signal?.throwIfAborted();
  for (const note of [...notes, ...listener.notes]) logger?.warn(note);
  // A host waits for the handshake line, which the caller has passed on by then.
  setImmediate(() =>
    logger?.debug("plugin address", { network, address: listener.address, version, tls: tls !== undefined }),
  );
  return handle;
}

async function startTls(hostPem: string, plugin: string) {
  const { createAutoMtls } = await import("./auto-mtls.js");
  return createAutoMtls(hostPem, plugin);
}

function tryFormat(listener: Listener, format: () => string): string {
  try {
    return format();
  } catch (error) {
    listener.destroy();
    throw error instanceof TenonError ? error : new TenonError("listen-failed", String(error), { cause: error });
  }
}
