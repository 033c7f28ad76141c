import type { DecodedHeaders } from "./field.js";

/** Longer blocks are not kept, in octets. */
const maxBlockBytes = 40;

interface Kept {
  readonly octets: Uint8Array;
  readonly changes: number;
  readonly decoded: DecodedHeaders;
}

/**
 * The last fully indexed block of each length, decoded. Calls of one method begin with the same few octets, and so do
 * their answers: found here, 8 octets take a quarter of the time that decoding takes (18 ns against 76). Blocks with literals are left out,
 * since those are what differs from call to call.
 */
export class BlockCache {
  readonly #kept: (Kept | undefined)[] = [];

  /** What the octets `start` to `end` were decoded to, when the table has not changed (`changes`) since. */
  find(block: Uint8Array, start: number, end: number, changes: number): DecodedHeaders | undefined {
    const kept = this.#kept[end - start];
    if (kept === undefined || kept.changes !== changes) return undefined;
    const { octets } = kept;
    for (let i = 0; i < octets.length; i++) {
      if (octets[i] !== block[start + i]) return undefined;
    }
    return kept.decoded;
  }

  /** Remembers a block, which must hold indexed fields only. */
  keep(block: Uint8Array, start: number, end: number, changes: number, decoded: DecodedHeaders): void {
    const length = end - start;
    if (length > maxBlockBytes) return;
    while (this.#kept.length <= length) this.#kept.push(undefined);
    this.#kept[length] = { octets: Uint8Array.prototype.slice.call(block, start, end), changes, decoded };
  }

  /** Forgets everything. */
  clear(): void {
    this.#kept.length = 0;
  }
}
