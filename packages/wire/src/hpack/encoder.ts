import { defaultTableBytes, DynamicTable, fieldBytes } from "./dynamic-table.js";
import { encodeString } from "./encode-string.js";
import type { HeaderField } from "./field.js";
import { encodeInteger, maxInteger, maxIntegerBytes } from "./integer.js";
import { type NameRecord, NameRecords } from "./name-records.js";
import { staticTableLength } from "./static-table.js";

/** Limits of an encoder. */
export interface HpackEncoderOptions {
  /**
   * The largest dynamic table that the encoder uses, in octets, however much more the peer allows; default 4096.
   * With 0 nothing is ever indexed.
   */
  readonly maxTableBytes?: number;
}

/** A value from this length on is not worth its place in the table, in octets. */
const maxIndexedValueBytes = 256;
const maxNames = 256;

const indexedFlag = 0x80;
const indexingFlag = 0x40;
const sizeUpdateFlag = 0x20;
const neverIndexedFlag = 0x10;

/**
 * The encoding half of HPACK (RFC 7541) for one direction of one connection. Blocks must be sent in the order in which
 * they were encoded, each of them. What it indexes is described at `IndexingPolicy`.
 *
 * A block may be sent again without being encoded again while `generation` is what it was before the block was encoded
 * and `sizeUpdatePending` is false.
 */
export class HpackEncoder {
  readonly #maxTableBytes: number;
  readonly #table: DynamicTable;
  readonly #names = new NameRecords(maxNames);
  // The smallest size since the last block, when a size update is due (RFC 7541 §4.2).
  #smallestBytes: number | undefined;

  /** Fails with `RangeError` when `maxTableBytes` is no integer from 0 to 2^31-1. */
  constructor(options: HpackEncoderOptions = {}) {
    this.#maxTableBytes = tableBytes(options.maxTableBytes ?? defaultTableBytes);
    this.#table = new DynamicTable(defaultTableBytes, (field, sequence) => {
      const places = this.#names.find(field[0])?.places;
      if (places?.get(field[1]) === sequence) places.delete(field[1]);
    });
    this.#resize(Math.min(this.#maxTableBytes, defaultTableBytes));
  }

  /**
   * The octets that `encode` asks for: never less than what the block takes, whatever the tables hold, size updates
   * included.
   */
  static maxEncodedBytes(fields: readonly HeaderField[]): number {
    let bytes = 2 * maxIntegerBytes;
    for (const field of fields) bytes += 3 * maxIntegerBytes + field[0].length + field[1].length;
    return bytes;
  }

  /** Grows by each insertion into the dynamic table and each eviction. */
  get generation(): number {
    return this.#table.changes;
  }

  /** The next block will begin with a size update. */
  get sizeUpdatePending(): boolean {
    return this.#smallestBytes !== undefined;
  }

  /**
   * The peer's SETTINGS_HEADER_TABLE_SIZE, in octets; call it before the SETTINGS are acknowledged. The table shrinks
   * now, the peer learns of it at the start of the next block. Fails with `RangeError` unless an integer from 0 up; the
   * setting's range above 2^31-1 counts as 2^31-1.
   */
  setMaxTableBytes(bytes: number): void {
    this.#resize(Math.min(this.#maxTableBytes, tableBytes(Math.min(bytes, maxInteger))));
  }

  /**
   * Encodes one header block, or the next part of one, into `out` at `offset` and returns the offset after it. Fails with `RangeError`, and no
   * change of the table, unless `maxEncodedBytes(fields)` octets are free there. Fails with `TypeError` for a character
   * above 255; the encoder stays usable, its table starts afresh.
   */
  encode(fields: readonly HeaderField[], out: Uint8Array, offset: number): number {
    const room = HpackEncoder.maxEncodedBytes(fields);
    if (!(offset >= 0 && room <= out.length - offset)) {
      throw new RangeError(`a header block may take ${room} octets, ${out.length - offset} are free`);
    }
    let position = this.#smallestBytes === undefined ? offset : this.#encodeSizeUpdates(out, offset);
    for (let i = 0; i < fields.length; i++) position = this.#encodeField(fields[i]!, out, position);
    return position;
  }

  #encodeField(field: HeaderField, out: Uint8Array, offset: number): number {
    const name = field[0];
    const value = field[1];
    const table = this.#table;
    const record = this.#names.find(name) ?? this.#names.add(name, table.oldest);
    const { policy } = record;
    if (policy === "secret") return this.#encodeLiteral(record, field, neverIndexedFlag, 0x0f, out, offset);
    if (policy === "volatile") return this.#encodeLiteral(record, field, 0, 0x0f, out, offset);
    const place = record.places.get(value);
    if (place !== undefined) {
      return encodeInteger(place < 0 ? -place : this.#index(place), 0x7f, indexedFlag, out, offset);
    }
    const worthIt =
      value.length < maxIndexedValueBytes &&
      fieldBytes(name, value) <= table.maxBytes &&
      (policy === "stable" || record.meet(value));
    if (!worthIt) return this.#encodeLiteral(record, field, 0, 0x0f, out, offset);
    const position = this.#encodeLiteral(record, field, indexingFlag, 0x3f, out, offset);
    record.newest = table.inserted;
    table.insert([name, value]);
    record.places.set(value, record.newest);
    return position;
  }

  #encodeLiteral(
    record: NameRecord,
    field: HeaderField,
    flags: number,
    mask: number,
    out: Uint8Array,
    offset: number,
  ): number {
    let position: number;
    if (record.staticIndex > 0) {
      position = encodeInteger(record.staticIndex, mask, flags, out, offset);
    } else if (record.newest >= this.#table.oldest) {
      position = encodeInteger(this.#index(record.newest), mask, flags, out, offset);
    } else {
      out[offset] = flags;
      const literal = (record.literal ??= this.#encodeName(field[0]));
      out.set(literal, offset + 1);
      position = offset + 1 + literal.length;
    }
    const end = encodeString(field[1], out, position);
    return end < 0 ? this.#refuse(field[0]) : end;
  }

  #encodeName(name: string): Uint8Array {
    const room = new Uint8Array(maxIntegerBytes + name.length);
    const end = encodeString(name, room, 0);
    return end < 0 ? this.#refuse(name) : room.slice(0, end);
  }

  /**
   * The block is lost half-way, and with it the entries that it announced. Emptying both tables, ours now and the
   * peer's by the next block, brings them in step again.
   */
  #refuse(name: string): never {
    this.#table.clear();
    this.#smallestBytes = 0;
    throw new TypeError(`the header ${JSON.stringify(name)} holds a character above 255`);
  }

  #encodeSizeUpdates(out: Uint8Array, offset: number): number {
    const smallest = this.#smallestBytes!;
    const { maxBytes } = this.#table;
    let position = offset;
    if (smallest < maxBytes) position = encodeInteger(smallest, 0x1f, sizeUpdateFlag, out, position);
    this.#smallestBytes = undefined;
    return encodeInteger(maxBytes, 0x1f, sizeUpdateFlag, out, position);
  }

  #resize(bytes: number): void {
    if (bytes === this.#table.maxBytes) return;
    this.#smallestBytes = Math.min(this.#smallestBytes ?? bytes, bytes);
    this.#table.resize(bytes);
  }

  /** The index on the wire of a dynamic entry. */
  #index(sequence: number): number {
    return staticTableLength + this.#table.inserted - sequence;
  }
}

function tableBytes(bytes: number): number {
  if (!Number.isInteger(bytes) || bytes < 0 || bytes > maxInteger) {
    throw new RangeError(`a table size must be an integer from 0 to ${maxInteger}, not ${bytes}`);
  }
  return bytes;
}
