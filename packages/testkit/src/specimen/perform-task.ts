import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { type Task, TaskSchema } from "../gen/tenon/testkit/v1/specimen_pb.js";
import type { Ledger } from "./ledger.js";

/** Does what a task asks for, one thing after the other, counted under its tag; then gives what `result` returns. */
export async function performTask<T>(task: Task, context: HandlerContext, ledger: Ledger, result: () => T): Promise<T> {
  const { tag, hold, delayMs, hang, status } = task;
  const end = tag === "" ? () => {} : ledger.begin(tag, context);
  try {
    if (hold) await ledger.of(tag).released;
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    if (hang) await aborted(context.signal);
    if (status !== 0) throw failureOf(task);
    return result();
  } finally {
    end();
  }
}

/** Rejects when the signal aborts. */
async function aborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  throw new ConnectError("the call was aborted", Code.Canceled);
}

/** The error that a task asks for; its detail is a task with the same data. */
function failureOf({ status, message, data }: Task): ConnectError {
  const code = Code[Code[status] as keyof typeof Code];
  const metadata = { "x-failed": "yes", "x-failed-bin": "AAEC/w" };
  return new ConnectError(message, code, metadata, [{ desc: TaskSchema, value: create(TaskSchema, { data }) }]);
}
