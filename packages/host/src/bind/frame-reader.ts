import type { PluginFrame } from "@tenon/core/bind";
import { settledWithin } from "../async/settle.js";

/** Reads the frames of one Attach call, with or without a limit of time. One reading at a time. */
export interface FrameReader {
  next(): Promise<IteratorResult<PluginFrame>>;
  /** Undefined where none came in time; it is not lost, the next reading gets it. */
  nextWithin(ms: number): Promise<IteratorResult<PluginFrame> | undefined>;
}

/** Makes the reader. */
export function createFrameReader(requests: AsyncIterable<PluginFrame>): FrameReader {
  const frames = requests[Symbol.asyncIterator]();
  let asked: Promise<IteratorResult<PluginFrame>> | undefined;
  return {
    next() {
      const answer = asked ?? frames.next();
      asked = undefined;
      return answer;
    },
    async nextWithin(ms) {
      asked ??= frames.next();
      const answer = await settledWithin(asked, ms);
      if (answer !== undefined) asked = undefined;
      return answer;
    },
  };
}
