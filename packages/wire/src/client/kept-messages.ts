import type { Packed } from "../grpc/compression.js";
import type { Http2Stream } from "../http2/stream.js";

/** What a streaming call has sent, while the peer may still refuse to look at it. */
export class KeptMessages {
  readonly #maxBytes: number;
  readonly #messages: Packed[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Keeps a copy of a message, above the limit too where it is the only one left. False: there are too many bytes, so none can be sent again. */
  keep(bytes: Uint8Array, compressed: boolean, isOnlyCopy: boolean): boolean {
    this.#bytes += bytes.length;
    if (!isOnlyCopy && this.#bytes > this.#maxBytes) return false;
    this.#messages.push({ bytes: Uint8Array.prototype.slice.call(bytes), compressed });
    return true;
  }

  sendOn(stream: Http2Stream): void {
    for (const { bytes, compressed } of this.#messages) stream.sendMessage(bytes, false, compressed);
  }
}
