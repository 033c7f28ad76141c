import type { Duplex } from "node:stream";
import type { ConnInfo } from "@tenon/core";

/** An id that is being served. */
export interface Door {
  /** Lets nobody in any more; who is inside stays. */
  close(): void;
  /** Ends the byte streams that are left, and removes everything. Waits up to `lingerMs` for them to end by themselves. */
  remove(lingerMs: number): Promise<void>;
  /** The same at once. */
  destroy(): void;
}

/** One dial, from its call to its end. */
export interface Attempt {
  readonly id: number;
  /** Aborts, with the error to throw as its reason, when the attempt is over. */
  readonly signal: AbortSignal;
  /** What it waits for at the moment, for the error of a timeout: "it was announced, but …". */
  stage: string;
}

/** How byte streams between the two sides come about. There are two ways: a socket for each, or one for all. */
export interface Paths {
  /** Serves an id: hands out each byte stream that the other side opens for it, fit for HTTP/2. */
  open(id: number, take: (stream: Duplex) => void): Promise<Door>;
  /** Opens a byte stream to whoever serves an id, fit for HTTP/2. Rejects with the reason when the attempt's signal aborts. */
  reach(attempt: Attempt): Promise<Duplex>;
  /** Takes a message of the other side. */
  receive(message: ConnInfo): void;
  /** Forgets everything that waits. */
  close(): void;
}
