import type { Duplex } from "node:stream";
import { checkNumbers, checkTypes } from "../options/check.js";
import { FrameDuplex, frameDefaults } from "./frame-duplex.js";

/** Options of a link of frames. */
export interface FrameLinkOptions<Out> {
  /** Most bytes of the byte stream in one frame; more is split. Default 65536. */
  readonly maxFrameBytes?: number;
  /** Received bytes that wait for the reader of `duplex` before `receiveBytes` says to wait. Default 262144. */
  readonly maxReadBytes?: number;
  /** Urgent frames that wait; one more ends the link with Code.ResourceExhausted. Default 1024. */
  readonly maxUrgentFrames?: number;
  /**
   * The last frame where the user of `duplex` destroys it: the link then ends in order behind that frame, else with the error.
   * Default: none.
   */
  readonly farewell?: (error: Error | undefined) => Out | undefined;
  /** Whether the link goes on without `duplex`, until `close`, `cut` or `destroy`. There is no farewell then. Default false. */
  readonly outlivesDuplex?: boolean;
}

/**
 * A byte stream that shares a stream of messages with other frames. `outgoing` gives frames in this order, each time one is asked
 * for: what is urgent; bytes of `duplex`; what waits until nothing else does.
 */
export interface FrameLink<Out> {
  /** What is to be sent, frame by frame. To be iterated over once. Leaving it early destroys the link. */
  readonly outgoing: AsyncIterable<Out>;
  /**
   * The byte stream. `end()` ends its own writing and nothing else: an empty frame of bytes tells the other side. The link ends by `close`, `cut` and `destroy`; unless it outlives
   * `duplex`, also when that is destroyed, and in order when both its sides have ended.
   */
  readonly duplex: Duplex;
  /** Sends a frame before all that is not urgent. After the end of the link it does nothing. */
  readonly urgent: (frame: Out) => void;
  /**
   * Says that there are frames which can wait: `next` is asked for one whenever nothing else is to be sent, until it gives
   * undefined. A further offer takes the place of the one before.
   */
  readonly offerIdle: (next: () => Out | undefined) => void;
  /**
   * Hands received bytes to the reader of `duplex`; none are the end of them. True: go on; a promise: first wait for it. The bytes must not
   * be changed later.
   */
  readonly receiveBytes: (bytes: Uint8Array) => true | Promise<void>;
  /** Says that no further bytes come: the reader of `duplex` sees its end behind what came. */
  readonly endBytes: () => void;
  /** Ends `outgoing` behind all that waits, idle frames too, and behind `last`. What is written to `duplex` after that fails. */
  readonly close: (last?: Out) => void;
  /** Drops what waits, sends `last`, ends `outgoing`, and destroys `duplex` with `error`. */
  readonly cut: (last?: Out, error?: Error) => void;
  /** Ends everything at once: `outgoing` throws the error, Code.Canceled where there is none. */
  readonly destroy: (error?: Error) => void;
}

/**
 * Makes the link; `wrapBytes` makes a frame of bytes.
 *
 * Both directions are slowed by whoever reads slowly, as with `streamFromMessages`: a write to `duplex` is done when its bytes
 * were asked for. Only what is urgent has a queue of its own, which is bounded.
 *
 * @throws {@link TenonError} `option-invalid` for a number out of its range
 */
export function createFrameLink<Out>(
  wrapBytes: (bytes: Uint8Array) => Out,
  options: FrameLinkOptions<Out> = {},
): FrameLink<Out> {
  checkNumbers(options, {
    maxFrameBytes: [1, 0x7fffffff],
    maxReadBytes: [0, 0x7fffffff],
    maxUrgentFrames: [1, 0x7fffffff],
  });
  checkTypes(options, "function", ["farewell"]);
  checkTypes(options, "boolean", ["outlivesDuplex"]);
  const duplex = new FrameDuplex(wrapBytes, { ...frameDefaults, ...options });
  return {
    outgoing: duplex.outgoing,
    duplex,
    urgent: (frame) => duplex.urgent(frame),
    offerIdle: (next) => duplex.offerIdle(next),
    receiveBytes: (bytes) => duplex.receiveBytes(bytes),
    endBytes: () => duplex.endBytes(),
    close: (last) => duplex.close(last),
    cut: (last, error) => duplex.cut(last, error),
    destroy: (error) => duplex.cutOff(error),
  };
}
