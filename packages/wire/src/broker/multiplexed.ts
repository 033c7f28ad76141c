export { createMux } from "./mux.js";
export type { Mux } from "./mux.js";
export { MuxPaths } from "./mux-paths.js";
export type { MuxPathsInit } from "./mux-paths.js";
export { createTlsAcceptor } from "../tls/acceptor.js";
