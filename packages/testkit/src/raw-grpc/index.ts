export { createRawGrpcServer } from "./raw-server.js";
export type { RawCall, RawGrpcServer } from "./raw-server.js";
