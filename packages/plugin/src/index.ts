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
export { createLogger } from "./log/logger.js";
export type { LogFields, Logger, LoggerOptions } from "./log/logger.js";
export type { LogLevel } from "./log/level.js";

// For those who serve a plugin inside a process of their own.
export { servePlugin } from "./serve/serve-plugin.js";
export type { ServeOptions } from "./serve/serve-options.js";
export type { PluginCloseReason, ServingPlugin } from "./serve/serving.js";
