import type { MessageEncoder } from "../codec/message-encoder.js";
import type { SendCompression } from "../grpc/compression.js";
import type { Templates } from "./templates.js";

/** What a call needs of its server. */
export interface CallHome {
  readonly templates: Templates;
  readonly encoder: MessageEncoder;
  readonly maxReceiveBytes: number;
  readonly maxSendBytes: number;
  readonly sendCompression: SendCompression;
  /** A handler works on after it was called: also beyond the end of its call. */
  handlerBegan(): void;
  handlerEnded(): void;
  /** The call is over. */
  ended(): void;
}
