import {
  chooseVersion,
  GRPCBroker,
  GRPCController,
  GRPCStdio,
  type HandshakeEnvironment,
  parseEnvironment,
} from "@tenon/core";
import { createHealth } from "@tenon/wire/health";
import { addReflection } from "@tenon/wire/reflection";
import { createServer, type Server } from "@tenon/wire/server";
import type { Plugin } from "../implement.js";
import { createBrokerService } from "../services/broker.js";
import { createControllerService } from "../services/controller.js";
import { createStdioService } from "../services/stdio.js";
import { StdioBuffer } from "../services/stdio-buffer.js";
import { readLimits, type ServeLimits, type ServeOptions } from "./serve-options.js";

/** A plugin that is ready for connections and has none yet: all that does not depend on how its host reaches it. */
export interface PreparedPlugin {
  readonly environment: HandshakeEnvironment;
  /** Sentences on what was passed over in the environment. */
  readonly notes: readonly string[];
  /** The version of the contract that was chosen. */
  readonly version: number;
  readonly limits: ServeLimits;
  /** The plugin's services and those that every plugin has. */
  readonly server: Server;
  readonly stdio: StdioBuffer;
  /** Abort it when the plugin begins to end. */
  readonly closing: AbortController;
  /** What the host's Shutdown does from now on. Until then it does nothing: nobody can call. */
  onShutdown: () => void;
}

/**
 * Reads the environment, chooses the version and makes the server.
 *
 * @throws {@link TenonError} `environment-invalid`, `option-invalid`
 */
export function preparePlugin(plugin: Plugin, options: ServeOptions): PreparedPlugin {
  const { logger } = options;
  const limits = readLimits(options);
  const { environment, notes } = parseEnvironment(options.environment ?? {});
  const version = chooseVersion(Object.keys(plugin.versions).map(Number), environment.protocolVersions);
  const services = plugin.versions[version] ?? [];
  const stdio = new StdioBuffer({
    maxBytes: limits.maxStdioBufferBytes,
    onDropped: (bytes) =>
      bytes === 0
        ? logger?.warn("the host does not read the plugin's output, the oldest of it is dropped")
        : logger?.warn(`${bytes} bytes of the plugin's output were dropped`, { dropped_bytes: bytes }),
  });
  const closing = new AbortController();
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
    createControllerService(() => prepared.onShutdown()),
  );
  server.add(GRPCBroker, createBrokerService());
  const prepared: PreparedPlugin = {
    environment,
    notes,
    version,
    limits,
    server,
    stdio,
    closing,
    onShutdown: () => {},
  };
  return prepared;
}
