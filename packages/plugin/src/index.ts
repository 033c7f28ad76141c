// For plugin authors.
export { implement } from "./implement.js";
export type {
  Implementation,
  Plugin,
  PluginService,
  ServicesImplementation,
  VersionsImplementation,
} from "./implement.js";
export { runPlugin } from "./run/run-plugin.js";
export type { RunOptions } from "./run/run-plugin.js";
export type { TestModeOptions } from "./run/test-mode.js";
export { createLogger } from "./log/logger.js";
export type { LogFields, Logger, LoggerOptions, LoggerPart } from "./log/logger.js";
export type { LogLevel } from "./log/level.js";
export { hostServices } from "./host-services/host-services.js";
export type { HostServiceClients, HostServicesOptions } from "./host-services/host-services.js";
export { callInfo } from "@tenon/wire/host-services";
export type { CallInfo } from "@tenon/wire/host-services";
export { brokerKey } from "@tenon/wire/broker";
export type { Broker, BrokerDialOptions, BrokeredServer, BrokerServeOptions } from "@tenon/wire/broker";

// For those who serve a plugin inside a process of their own.
export { servePlugin, serveStream } from "./serve/late.js";
export type { ServeStreamOptions } from "./serve/serve-stream.js";
export type { ServeOptions, ServeTlsSettings } from "./serve/serve-options.js";
export type { PluginCloseReason, ServingPlugin } from "./serve/serving.js";
