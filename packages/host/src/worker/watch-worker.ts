import { type MessagePort, receiveMessageOnPort, type Worker } from "node:worker_threads";
import { TenonError } from "@tenon/core";
import { createDeferred } from "../async/deferred.js";
import type { ExitFacts } from "../launch/exit-facts.js";
import { readCrash, readThrown } from "./worker-error.js";
import type { WorkerSettings } from "./worker-settings.js";
import type { JoinedStderr } from "./worker-stderr.js";

/** The end of a thread. */
export interface WatchedWorker {
  readonly exited: Promise<ExitFacts>;
  readonly hasExited: boolean;
  /** Ends the thread where it is, in an endless loop too, but not inside a call of the system that blocks. */
  terminate(): void;
}

/** What the thread says on its control port. */
type ControlMessage = "stderr" | { readonly crash: unknown } | { readonly externalBytes: number };

/** Watches a thread for its end, and for what it tells beside its channel. */
export function watchWorker(parts: {
  readonly worker: Worker;
  readonly control: MessagePort;
  readonly stderr: JoinedStderr;
  readonly settings: WorkerSettings;
}): WatchedWorker {
  const { worker, control, stderr, settings } = parts;
  const exited = createDeferred<ExitFacts>();
  let error: Error | undefined;
  let isTerminated = false;
  let hasExited = false;
  const terminate = () => {
    isTerminated = true;
    void worker.terminate();
  };
  const hear = (message: ControlMessage) => {
    if (message === "stderr") {
      stderr.ring();
    } else if ("crash" in message) {
      error ??= readCrash(message.crash);
    } else {
      error ??= exceeded("maxExternalBytes", settings.maxExternalBytes, { externalBytes: message.externalBytes });
      terminate();
    }
  };
  control.on("message", hear);
  control.unref();
  worker.on("error", (thrown: unknown) => {
    const isMemory = (thrown as { readonly code?: unknown } | null)?.code === "ERR_WORKER_OUT_OF_MEMORY";
    const limit = settings.resourceLimits?.maxOldGenerationSizeMb;
    error ??= isMemory ? exceeded("resourceLimits.maxOldGenerationSizeMb", limit, {}, thrown) : readThrown(thrown);
    stderr.addLine(describe(error));
  });
  worker.once("exit", (exitCode) => {
    // What it said last may come behind the news of its end.
    for (let last = receiveMessageOnPort(control); last !== undefined; last = receiveMessageOnPort(control)) {
      hear(last.message as ControlMessage);
    }
    stderr.end();
    hasExited = true;
    // `terminate` gives it the code 1, or 0 where it had not begun.
    const isKilled = isTerminated && exitCode <= 1 && error === undefined;
    exited.resolve({
      exitCode: isKilled ? null : exitCode,
      signal: isKilled ? "SIGKILL" : null,
      ...(error !== undefined && { error }),
    });
  });
  return {
    exited: exited.promise,
    get hasExited() {
      return hasExited;
    },
    terminate,
  };
}

/** What was too much: the heap, by V8's word, or what is outside it. */
function exceeded(
  option: "resourceLimits.maxOldGenerationSizeMb" | "maxExternalBytes",
  limit: number | undefined,
  facts: object,
  cause?: unknown,
): TenonError {
  const what = option === "maxExternalBytes" ? "Buffers outside its heap" : "its heap";
  const value = limit === undefined ? "V8's own" : String(limit);
  return new TenonError("memory-exceeded", `its thread held more memory than it may: ${what} (${option}: ${value})`, {
    cause,
    facts: { option, limit, ...facts },
  });
}

/** A log record in the form of the plugin's own, for an end that its library could not write about. */
function describe(error: Error): string {
  return JSON.stringify({
    "@level": "error",
    "@message": error instanceof TenonError ? error.message : `uncaught exception: ${error.name}: ${error.message}`,
    "@timestamp": new Date().toISOString(),
    ...(error instanceof TenonError ? { code: error.code } : { stack: error.stack }),
  });
}
