import type { Logger } from "../log/logger.js";
import { toPlain } from "../log/plain.js";

/**
 * Ends the process with exit code 1 when an exception or rejection reaches nobody, after one record that says so. Node's
 * own report is plain text, which Go hosts show at the debug level, where nobody looks. `beforeExit` is called in between.
 */
export function reportCrashes(logger: Logger, beforeExit?: (error: unknown) => void): void {
  const crash = (what: string, error: unknown) => {
    // What was thrown may be anything, even something that throws when it is looked at.
    const plain = toPlain(error);
    if (typeof plain === "object" && plain !== null && "message" in plain) {
      const { name, message, ...fields } = plain;
      logger.error(
        `${what}: ${typeof name === "string" ? `${name}: ` : ""}${typeof message === "string" ? message : JSON.stringify(message)}`,
        fields,
      );
    } else {
      logger.error(`${what}: ${typeof plain === "string" ? plain : JSON.stringify(plain)}`);
    }
    beforeExit?.(error);
    process.exit(1);
  };
  process.on("uncaughtException", (error) => crash("uncaught exception", error));
  process.on("unhandledRejection", (reason) => crash("unhandled rejection", reason));
}

/** Exit code after a second signal, as a shell reports a process that SIGTERM ended. */
const secondSignalExitCode = 143;

/**
 * Handles signals as a plugin must: Ctrl-C reaches the whole process group of the host, which decides itself what to do,
 * so SIGINT is ignored; the others end the plugin, the second one of them at once.
 */
export function handleSignals(logger: Logger, close: (why: string) => void): void {
  let interrupts = 0;
  process.on("SIGINT", () => {
    interrupts++;
    logger.trace("interrupt ignored", { count: interrupts });
  });
  const signals: readonly NodeJS.Signals[] =
    process.platform === "win32" ? ["SIGTERM", "SIGHUP", "SIGBREAK"] : ["SIGTERM", "SIGHUP", "SIGQUIT"];
  let isClosing = false;
  for (const signal of signals) {
    process.on(signal, () => {
      if (isClosing) process.exit(secondSignalExitCode);
      isClosing = true;
      close(`got ${signal}`);
    });
  }
}
