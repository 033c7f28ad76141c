// What a host needs when it begins to listen, and not before.
export { createListener } from "./create-listener.js";
export { parseListenOptions } from "./options.js";
