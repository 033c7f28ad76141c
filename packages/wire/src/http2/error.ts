import { errorCodeName } from "./constants.js";

/** The peer broke RFC 9113 in a way that ends the whole connection (§5.4.1): we answer with GOAWAY and close. */
export class ConnectionFault extends Error {
  override readonly name = "ConnectionFault";
  /** Error code for the GOAWAY frame, RFC 9113 §7. */
  readonly errorCode: number;
  /** Debug data for the GOAWAY frame. */
  readonly debug: string;

  /** `debug`: what the peer is told where it expects certain words; default the message. */
  constructor(errorCode: number, message: string, debug?: string) {
    super(`${errorCodeName(errorCode)}: ${message}`);
    this.errorCode = errorCode;
    this.debug = debug ?? this.message;
  }
}
