import { platform } from "node:os";
import {
  chooseVersion,
  formatHandshakeLine,
  GRPCBroker,
  GRPCController,
  GRPCStdio,
  parseEnvironment,
  TenonError,
} from "@tenon/core";
import { createHealth } from "@tenon/wire/health";
import { findGroupId, type Listener, openListener } from "@tenon/wire/listen";
import { addReflection } from "@tenon/wire/reflection";
import { createServer } from "@tenon/wire/server";
import type { Plugin } from "../implement.js";
import { createBrokerService } from "../services/broker.js";
import { createControllerService } from "../services/controller.js";
import { createStdioService } from "../services/stdio.js";
import { StdioBuffer } from "../services/stdio-buffer.js";
import { createConnections } from "./connections.js";
import { completeTls, readLimits, type ServeOptions } from "./serve-options.js";
import { createServing, type ServingPlugin } from "./serving.js";

/**
 * Serves a plugin: opens its socket and its gRPC server with go-plugin's own services beside the plugin's, and returns a
 * handle. It touches nothing global: it reads no environment but the one given, prints nothing, listens to no signal
 * and never exits; `runPlugin` does those things around it. The caller passes {@link ServingPlugin.line} to the host.
 *
 * @throws {@link TenonError} `environment-invalid`, `certificate-invalid`, `socket-path-too-long`, `address-invalid`, `listen-failed`,
 *   `option-invalid`; whatever `signal` was aborted with
 */
export async function servePlugin(plugin: Plugin, options: ServeOptions = {}): Promise<ServingPlugin> {
  const { signal, logger, network = platform() === "win32" ? "tcp" : "unix", environment: variables = {} } = options;
  const limits = readLimits(options);
  signal?.throwIfAborted();
  const { name } = plugin.contract;
  const { environment, notes } = parseEnvironment(variables);
  const version = chooseVersion(Object.keys(plugin.versions).map(Number), environment.protocolVersions);
  const services = plugin.versions[version] ?? [];

  const { clientCertificate, socketGroup } = environment;
  const own = options.tls === undefined ? undefined : completeTls(options.tls);
  const mtls = clientCertificate === undefined || own ? undefined : await startTls(clientCertificate, name);
  const tls = own ?? mtls?.options;
  const groupId = socketGroup === undefined || network === "tcp" ? undefined : await findGroupId(socketGroup, name);

  const stdio = new StdioBuffer({
    maxBytes: limits.maxStdioBufferBytes,
    onDropped: (bytes) =>
      bytes === 0
        ? logger?.warn("the host does not read the plugin's output, the oldest of it is dropped")
        : logger?.warn(`${bytes} bytes of the plugin's output were dropped`, { dropped_bytes: bytes }),
  });
  const closing = new AbortController();
  let serving: ReturnType<typeof createServing> | undefined;
  const server = createServer(options.server);
  for (const { service, implementation } of services) server.add(service, implementation);
  // The plugin as a whole, under the name too by which go-plugin's hosts ask for it, and each of its services.
  const healthNames = ["", "plugin", ...services.map(({ service }) => service.typeName)];
  const health = createHealth(Object.fromEntries(healthNames.map((healthName) => [healthName, "serving"])));
  closing.signal.addEventListener("abort", () => health.close());
  server.add(health.service, health.implementation);
  if (options.reflection ?? true) addReflection(server);
  server.add(GRPCStdio, createStdioService(stdio));
  server.add(
    GRPCController,
    createControllerService(() => void serving?.shutDown()),
  );
  server.add(GRPCBroker, createBrokerService());
  const multiplex = environment.multiplex === true;
  const { minPort, maxPort } = environment;
  const connections = await createConnections({
    plugin: name,
    server,
    serverOptions: options.server,
    tls,
    tlsTimeoutMs: limits.tlsTimeoutMs,
    brokerTimeoutMs: limits.brokerTimeoutMs,
    multiplex,
    groupId,
    minPort,
    maxPort,
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
  serving = createServing({
    line,
    version,
    network,
    listener,
    server,
    connections,
    stdio,
    closing,
    limits,
    signal,
    logger,
  });
  signal?.throwIfAborted();
  for (const note of [...notes, ...listener.notes]) logger?.warn(note);
  logger?.debug("plugin address", { network, address: listener.address, version, tls: tls !== undefined });
  return serving.handle;
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
