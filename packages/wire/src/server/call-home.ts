import type { MessageEncoder } from "../codec/message-encoder.js";
import type { SendCompression } from "../grpc/compression.js";
import type { MessageDecoder } from "../codec/message-decoder.js";
import type { Templates } from "./templates.js";
import type { Turns } from "./turns.js";

/** What a call needs of its server. */
export interface CallHome {
  readonly templates: Templates;
  readonly encoder: MessageEncoder;
  readonly decoder: MessageDecoder;
  readonly turns: Turns;
  readonly maxReceiveBytes: number;
  readonly maxSendBytes: number;
  readonly sendCompression: SendCompression;
  /** A handler works on after it was called: also beyond the end of its call. */
  handlerBegan(): void;
  handlerEnded(): void;
  /** The call is over. */
  ended(): void;
}
