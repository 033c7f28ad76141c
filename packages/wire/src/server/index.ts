export { createServer } from "./server.js";
export type { ServerOptions } from "./options.js";
export type { AcceptOptions, Server } from "./server.js";
