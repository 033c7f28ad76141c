import { type IndexingPolicy, indexingPolicy } from "./indexing-policy.js";
import { staticTable } from "./static-table.js";

/** Values of one name that were sent as literals, kept to see whether one comes back. */
const keptValues = 4;

/** What an encoder knows of one header name. */
export class NameRecord {
  readonly policy: IndexingPolicy;
  /** The first index of the name in the static table, 0 without one. */
  readonly staticIndex: number;
  /** Where a value of the name is: its static index negated, or its sequence number in the dynamic table. */
  readonly places = new Map<string, number>();
  /** The sequence number of the newest dynamic entry of this name; it may be evicted by now. */
  newest = -1;
  /** The name as a string literal, encoded when it was first needed. */
  literal: Uint8Array | undefined;
  readonly #recent: string[] = [];
  #next = 0;

  constructor(name: string) {
    this.policy = indexingPolicy(name);
    this.staticIndex = staticTable.findIndex((field) => field[0] === name) + 1;
    if (this.staticIndex === 0) return;
    for (let i = this.staticIndex; staticTable[i - 1]?.[0] === name; i++) this.places.set(staticTable[i - 1]![1], -i);
  }

  /** Whether the value is among the last few that came by here; it is from now on. */
  meet(value: string): boolean {
    if (this.#recent.includes(value)) return true;
    this.#recent[this.#next] = value;
    this.#next = (this.#next + 1) % keptValues;
    return false;
  }
}

/** The records of the names that one encoder has met, bounded: a peer's or a caller's imagination is not. */
export class NameRecords {
  readonly #records = new Map<string, NameRecord>();
  readonly #maxRecords: number;

  constructor(maxRecords: number) {
    this.#maxRecords = maxRecords;
  }

  /** The number of names held. */
  get size(): number {
    return this.#records.size;
  }

  /** The record of a name, if there is one. */
  find(name: string): NameRecord | undefined {
    return this.#records.get(name);
  }

  /** Makes the record of a new name. When full, the names without an entry from `oldest` on are forgotten first. */
  add(name: string, oldest: number): NameRecord {
    if (this.#records.size >= this.#maxRecords) this.#forget(oldest);
    const record = new NameRecord(name);
    this.#records.set(name, record);
    return record;
  }

  #forget(oldest: number): void {
    for (const [name, record] of this.#records) {
      if (record.newest < oldest) this.#records.delete(name);
    }
    // Entries of forgotten names stay in the table unused until they are evicted: only compression suffers.
    if (this.#records.size >= this.#maxRecords) this.#records.clear();
  }
}
