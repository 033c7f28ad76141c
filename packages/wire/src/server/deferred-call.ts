import { Code, ConnectError } from "@connectrpc/connect";
import type { Http2Stream, StreamHandler } from "../http2/stream.js";

/**
 * Holds a call back while the module of its service is loaded, then begins it as if it had just come. What the client
 * sends meanwhile is kept; the window of its stream, which is not given back, bounds that. `begin` gets the error when
 * loading has failed.
 */
export function deferCall(
  stream: Http2Stream,
  load: () => Promise<unknown>,
  begin: (error: ConnectError | undefined) => StreamHandler,
): StreamHandler {
  const kept: ((handler: StreamHandler) => void)[] = [];
  let isGone = false;
  const resume = (error?: ConnectError) => {
    if (isGone) return;
    const handler = begin(error);
    stream.handler = handler;
    for (const replay of kept) replay(handler);
  };
  void load().then(
    () => resume(),
    (cause: unknown) => resume(ConnectError.from(cause, Code.Internal)),
  );
  return {
    onHeaders: (...headers) => void kept.push((handler) => handler.onHeaders(...headers)),
    onData: (bytes, start, end, endStream) => {
      const copy = Buffer.from(bytes.subarray(start, end));
      kept.push((handler) => handler.onData(copy, 0, copy.length, endStream));
    },
    onReset: () => {
      isGone = true;
    },
    onDrain: () => {},
  };
}

/** Calls `load` when first called and remembers how it went, unless it fails; `done` follows its success. */
export function lazily(load: () => Promise<void>, done: () => void): () => Promise<void> {
  let loading: Promise<void> | undefined;
  return () => {
    loading ??= load().then(done, (error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
}
