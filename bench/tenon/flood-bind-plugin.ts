// The plugin of the group logs that dials in: its records go over the link.
import { createLogger } from "@tenon/plugin";
import { dialIn } from "./dial-in.js";
import { createFlood } from "./flood.js";

const logger = createLogger({ level: "error" });
await dialIn(createFlood(logger), logger);
