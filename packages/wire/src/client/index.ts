export { createChannel } from "./channel.js";
export type { Channel } from "./channel.js";
export type { ChannelOptions } from "./options.js";
export { dial } from "../dial/dial.js";
export type { DialedChannel, DialStats } from "../dial/dialed-channel.js";
export type { DialOptions } from "../dial/options.js";
export type { DialState } from "../dial/state.js";
export { waitForReady } from "./wait-for-ready.js";
export type { CloseReason } from "../http2/close-reason.js";
