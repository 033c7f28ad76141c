import { errorCodeName } from "./constants.js";

/** The peer broke RFC 9113 in a way that ends the whole connection (§5.4.1): we answer with GOAWAY and close. */
export class ConnectionFault extends Error {
  override readonly name = "ConnectionFault";
  /** Error code for the GOAWAY frame, RFC 9113 §7. */
  readonly errorCode: number;

  constructor(errorCode: number, message: string) {
    super(`${errorCodeName(errorCode)}: ${message}`);
    this.errorCode = errorCode;
  }
}
