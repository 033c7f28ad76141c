// The plugin of the other groups, in a process that dials in.
import { dialIn } from "./dial-in.js";
import plugin from "./plugin.js";

await dialIn(plugin);
