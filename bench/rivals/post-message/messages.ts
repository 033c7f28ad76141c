/** Asks for a value, or stores one. */
export interface Question {
  readonly id: number;
  readonly key: string;
  readonly value: Uint8Array | undefined;
}

/** The value that is stored now. */
export interface Answer {
  readonly id: number;
  readonly value: Uint8Array | undefined;
}
