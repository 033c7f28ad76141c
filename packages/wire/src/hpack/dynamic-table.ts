import type { HeaderField } from "./field.js";

/** What an entry counts for beyond its name and value (RFC 7541 §4.1), in octets. */
export const entryOverheadBytes = 32;

/** The size of a dynamic table before anybody said otherwise (RFC 9113 §6.5.2), in octets. */
export const defaultTableBytes = 4096;

/** The size of a field in a dynamic table and in the limit of a header list (RFC 7541 §4.1, RFC 9113 §6.5.2). */
export function fieldBytes(name: string, value: string): number {
  return name.length + value.length + entryOverheadBytes;
}

/**
 * The dynamic table of one direction of one connection (RFC 7541 §2.3.2, §4): a ring of fields, newest first by index.
 * Insertion is O(1) amortised, eviction of one entry O(1). Entries are numbered by insertion from 0, so that an owner
 * can keep the number of an entry and find its index later.
 */
export class DynamicTable {
  readonly #onEvict: ((field: HeaderField, sequence: number) => void) | undefined;
  #ring: (HeaderField | undefined)[] = [undefined, undefined, undefined, undefined];
  #inserted = 0;
  #count = 0;
  #bytes = 0;
  #maxBytes: number;
  #changes = 0;

  /** `onEvict` is told of each entry that leaves, oldest first. */
  constructor(maxBytes: number, onEvict?: (field: HeaderField, sequence: number) => void) {
    this.#maxBytes = maxBytes;
    this.#onEvict = onEvict;
  }

  /** Entries in the table. */
  get count(): number {
    return this.#count;
  }

  /** The size of all entries (RFC 7541 §4.1), in octets. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The size that the entries may reach, in octets. */
  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** Entries inserted so far: the sequence number of the next one. */
  get inserted(): number {
    return this.#inserted;
  }

  /** The sequence number of the oldest entry still there. */
  get oldest(): number {
    return this.#inserted - this.#count;
  }

  /** Grows by every insertion and every eviction. */
  get changes(): number {
    return this.#changes;
  }

  /** The entry at an index that counts from 0, the newest; `undefined` beyond the oldest. */
  at(index: number): HeaderField | undefined {
    if (index >= this.#count) return undefined;
    return this.#ring[(this.#inserted - 1 - index) & (this.#ring.length - 1)];
  }

  /** Makes room and inserts. An entry greater than the whole table empties it and is not kept (RFC 7541 §4.4). */
  insert(field: HeaderField): void {
    const size = fieldBytes(field[0], field[1]);
    this.#shrinkTo(this.#maxBytes - size);
    if (size > this.#maxBytes) return;
    if (this.#count === this.#ring.length) this.#grow();
    this.#ring[this.#inserted & (this.#ring.length - 1)] = field;
    this.#inserted++;
    this.#count++;
    this.#bytes += size;
    this.#changes++;
  }

  /** Sets the size limit and evicts what no longer fits (RFC 7541 §4.3). */
  resize(maxBytes: number): void {
    this.#maxBytes = maxBytes;
    this.#shrinkTo(maxBytes);
  }

  /** Evicts every entry. */
  clear(): void {
    this.#shrinkTo(0);
  }

  #shrinkTo(bytes: number): void {
    while (this.#bytes > bytes && this.#count > 0) {
      const sequence = this.#inserted - this.#count;
      const slot = sequence & (this.#ring.length - 1);
      const field = this.#ring[slot]!;
      this.#ring[slot] = undefined;
      this.#count--;
      this.#bytes -= fieldBytes(field[0], field[1]);
      this.#changes++;
      this.#onEvict?.(field, sequence);
    }
  }

  #grow(): void {
    const old = this.#ring;
    const ring: (HeaderField | undefined)[] = Array.from({ length: old.length * 2 });
    for (let sequence = this.#inserted - this.#count; sequence < this.#inserted; sequence++) {
      ring[sequence & (ring.length - 1)] = old[sequence & (old.length - 1)];
    }
    this.#ring = ring;
  }
}
