export { SocketPaths } from "./socket-paths.js";
export type { BrokerListenOptions, SocketPathsInit } from "./socket-paths.js";
