/**
 * A header field. The name is lower case by the rules of HTTP/2; name and value hold one character per octet (latin1,
 * 0 to 255).
 */
export type HeaderField = readonly [name: string, value: string];

/** A decoded header block. Shared with later blocks of the same octets: not to be changed. */
export interface DecodedHeaders {
  /** The fields in the order of the block; when `truncated`, those before the limit was passed. */
  readonly fields: readonly HeaderField[];
  /** A limit was passed: the request must not be processed with the fields that are left. */
  readonly truncated: boolean;
  /** The size of the whole list by RFC 9113 §6.5.2, in octets, truncated fields counted too. */
  readonly listBytes: number;
}
