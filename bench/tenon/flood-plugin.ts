// The plugin of the group logs that a host starts: its records go to standard error, as those of go-plugin do.
import { createLogger, runPlugin } from "@tenon/plugin";
import { createFlood } from "./flood.js";

await runPlugin(createFlood(createLogger()), import.meta);
