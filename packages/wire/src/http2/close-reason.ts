/** Why a connection ended. */
export interface CloseReason {
  /** `closed`: we did. `goaway`: the peer said so first. `lost`: the byte stream ended. `error`: one side broke the protocol. */
  readonly kind: "closed" | "goaway" | "lost" | "error";
  readonly message: string;
  readonly cause?: unknown;
  /** What the peer said in a GOAWAY frame that ended the connection: error code of RFC 9113 §7 and debug data. */
  readonly goaway?: { readonly errorCode: number; readonly debug: string };
}
