/** Where a message lies that was taken. */
export interface TakenMessage {
  bytes: Uint8Array;
  start: number;
  end: number;
  compressed: boolean;
  /** The message has the memory to itself: views of it may be kept. */
  own: boolean;
}
