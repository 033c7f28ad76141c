export { createChannel } from "./channel.js";
export type { Channel } from "./channel.js";
export type { ChannelOptions } from "./options.js";
export type { CloseReason } from "../http2/connection.js";
