/**
 * Import this first, as `import "@tenon/plugin/guard"`, when other imports of a plugin print while they load. It does at
 * once what `runPlugin` does later: `console` goes to the log and `process.stdout` to the host's stdio stream, so that
 * the handshake stays the first thing on descriptor 1. It acts only in a process that a host started.
 *
 * It cannot hold back what bypasses both: `fs.writeSync(1, …)`, native code, and children that inherit descriptor 1.
 */
import { guardOutput } from "./run/guard-output.js";

guardOutput();
