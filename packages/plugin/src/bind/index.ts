export { bindPlugin } from "./bind-plugin.js";
export type { BindCloseReason, BindEvent } from "./events.js";
export type { BindState, BoundLink, BoundPluginHandle } from "./handle.js";
export type { BindLogCounts } from "./log-spool.js";
export type { BindOptions, BindTlsSettings, DialInOptions } from "./options.js";
export type { BindWebSocketSettings } from "../websocket/settings.js";
export { runBind } from "../run/run-bind.js";
export type { RunBindOptions } from "../run/run-bind.js";
