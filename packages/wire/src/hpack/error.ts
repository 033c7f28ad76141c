/**
 * A header block that breaks RFC 7541. The compression state of the connection is lost with it: the connection ends
 * with COMPRESSION_ERROR (RFC 9113 §4.3), and the decoder that threw must not be used again.
 */
export class HpackError extends Error {
  override readonly name = "HpackError";
  /** What it means for the connection: always a connection error of type COMPRESSION_ERROR. */
  readonly kind = "compression";
}
