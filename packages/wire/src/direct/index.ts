export { createDirectChannel } from "./direct-channel.js";
export type { DirectChannel } from "./direct-channel.js";
export { directService } from "./options.js";
export type { DirectOptions, DirectService } from "./options.js";
