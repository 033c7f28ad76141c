import { isMainThread, type MessagePort, workerData } from "node:worker_threads";

/** What a host hands to the thread that it started with a plugin's file; docs/protocol/worker.md. */
export interface WorkerData {
  /** For the handshake line, and the bytes of the channel behind it. */
  readonly tenonPort: MessagePort;
  /** For what is said beside the channel. */
  readonly tenonControl?: MessagePort;
  /** Ring of bytes that stands for descriptor 2. */
  readonly tenonStderr?: SharedArrayBuffer;
  /** Where the thread notes when its event loop turned. */
  readonly tenonPulse?: SharedArrayBuffer;
  /** Bytes of memory outside the heap at which the host ends the thread. */
  readonly tenonMaxExternalBytes?: number;
}

/** What this thread got from a host; undefined on the main thread, and in a thread that somebody else started. */
export function findWorkerData(): WorkerData | undefined {
  const data = workerData as Partial<WorkerData> | null | undefined;
  if (isMainThread || typeof data !== "object" || data?.tenonPort === undefined) return undefined;
  return data as WorkerData;
}

/** Longer texts of an error are cut: the host gets it beside the log record. */
const maxTextLength = 16_384;

/** Tells the host what this thread dies of; does nothing elsewhere. */
export function reportCrashToHost(error: unknown): void {
  findWorkerData()?.tenonControl?.postMessage({ crash: describeError(error) });
}

/** The texts of an error, which may be anything, even something that throws when it is looked at. */
function describeError(error: unknown): { name: string; message: string; stack?: string; code?: string } {
  try {
    if (!(error instanceof Error)) return { name: "Error", message: cut(`${String(error)} was thrown`) };
    const { name, message, stack, code } = error as { readonly [K in "name" | "message" | "stack" | "code"]?: unknown };
    return {
      name: cut(String(name)),
      message: cut(String(message)),
      ...(typeof stack === "string" && { stack: cut(stack) }),
      ...(typeof code === "string" && { code: cut(code) }),
    };
  } catch {
    return { name: "Error", message: "a value that cannot be read was thrown" };
  }
}

function cut(text: string): string {
  return text.length > maxTextLength ? `${text.slice(0, maxTextLength)}…` : text;
}
