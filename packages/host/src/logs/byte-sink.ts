/** Takes bytes as they come: a file, `process.stderr`, or any object with `write`. */
export interface ByteSink {
  write(chunk: Uint8Array): unknown;
  /** Bytes that wait in it, as a Node stream tells them. Default: unknown, taken for 0. */
  readonly writableLength?: number;
  on?(event: "error", listener: (error: Error) => void): unknown;
  off?(event: "error", listener: (error: Error) => void): unknown;
}

/** A slow sink holds so much at most; what comes then is dropped, since a plugin must not block on the host's disk. */
const maxSinkBytes = 16 * 1024 * 1024;

/** Passes bytes on to the user's sink, which may be slow or broken. */
export interface Tee {
  write(chunk: Uint8Array): void;
  /** Stops listening for its errors. The sink stays open: it is the caller's. */
  end(): void;
}

/** Creates a tee. `onTrouble` gets a sentence, once for each kind of trouble. */
export function createTee(name: string, sink: ByteSink | undefined, onTrouble: (why: string) => void): Tee | undefined {
  if (sink === undefined) return undefined;
  let isBroken = false;
  let dropped = 0;
  const onError = (error: Error): void => {
    if (!isBroken) onTrouble(`the stream for ${name} failed and gets nothing more: ${error.message}`);
    isBroken = true;
  };
  sink.on?.("error", onError);
  return {
    write(chunk) {
      if (isBroken) return;
      if ((sink.writableLength ?? 0) > maxSinkBytes) {
        if (dropped === 0) onTrouble(`the stream for ${name} is too slow: output that it cannot take is dropped`);
        dropped += chunk.length;
        return;
      }
      try {
        // A copy: the memory may be used again before a slow stream has written it.
        sink.write(Uint8Array.from(chunk));
      } catch (error) {
        onError(error instanceof Error ? error : new Error(String(error)));
      }
    },
    end() {
      if (dropped > 0) onTrouble(`${dropped} bytes for ${name} were dropped`);
      sink.off?.("error", onError);
    },
  };
}
