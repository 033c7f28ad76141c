export { createConfig } from "./config/create-config.js";
export type { ConfigOptions, ConfigService } from "./config/create-config.js";
export { createLog } from "./log/create-log.js";
export type { LogOptions, LogService } from "./log/create-log.js";
export type { LogServiceCounts } from "./log/plugin-log.js";
export type { PluginIdentity } from "./plugin-identity.js";
export { createStore } from "./store/create-store.js";
export type { StoreOptions, StoreService } from "./store/create-store.js";
