// What a host needs when it starts an instance, and not before: so that importing this package costs little.
export { attachInstance } from "../attach/attach-instance.js";
export { createHostServices } from "../host-services/create-host-services.js";
export { startInstance } from "./start-instance.js";
