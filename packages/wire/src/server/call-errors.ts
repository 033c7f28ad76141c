import { Code, ConnectError } from "@connectrpc/connect";

/** What a server's call fails with by itself. */

export function deadlinePassed(): ConnectError {
  return new ConnectError("the deadline passed before the call was answered", Code.DeadlineExceeded);
}

export function stoodStill(afterMs: number): ConnectError {
  const message = `the request stood still for ${afterMs} ms before it was complete (requestIdleTimeoutMs)`;
  return new ConnectError(message, Code.DeadlineExceeded);
}

export function endedWithinMessage(): ConnectError {
  return new ConnectError("the request ended within a message", Code.Internal);
}

/** A method that reads one request got `count` whole ones, and perhaps part of another. */
export function notOneMessage(count: number): ConnectError {
  const what = count === 0 ? "no whole message" : "more than one message";
  return new ConnectError(`protocol error: ${what} in a request that has one`, Code.Unimplemented);
}
