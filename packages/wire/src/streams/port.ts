export { streamFromPort } from "./port-stream.js";
export type { PortStreamOptions } from "./port-stream.js";
