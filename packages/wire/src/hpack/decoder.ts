import { BlockCache } from "./block-cache.js";
import { defaultTableBytes, DynamicTable, entryOverheadBytes, fieldBytes } from "./dynamic-table.js";
import { HpackError } from "./error.js";
import type { DecodedHeaders, HeaderField } from "./field.js";
import { huffmanDecode, maxHuffmanDecodedBytes } from "./huffman.js";
import { type Cursor, decodeInteger, maxInteger } from "./integer.js";
import { latin1 } from "./latin1.js";
import { staticTable, staticTableLength } from "./static-table.js";

/** Limits of a decoder. */
export interface HpackDecoderOptions {
  /**
   * The SETTINGS_HEADER_TABLE_SIZE that we announce, in octets; default 4096. The peer may fill a table of this size,
   * and a size update above it is a COMPRESSION_ERROR.
   */
  readonly maxTableBytes?: number;
  /**
   * What a header list may come to, in octets: name, value and 32 for each field (RFC 9113 §6.5.2); default 65536.
   * A longer one is decoded for the sake of the table and comes back `truncated`.
   */
  readonly maxHeaderListBytes?: number;
  /** The fields that a header list may hold; default 1024. Beyond it the list is `truncated`. */
  readonly maxHeaderCount?: number;
}

type BlockCursor = Cursor & { bytes: Buffer };

const nothing = Buffer.alloc(0);

/** Scratch space above this is not kept for the next string, in octets. */
const keptScratchBytes = 16_384;

/**
 * The decoding half of HPACK (RFC 7541) for one direction of one connection. Blocks must be decoded in the order in
 * which they arrived, each of them: also those of requests that are refused, or the table gets out of step.
 *
 * What HTTP/2 demands of fields is not looked at here: upper-case names, characters that no field may hold, the order
 * and the completeness of pseudo headers and connection-specific fields all pass. The HTTP/2 layer checks them.
 */
export class HpackDecoder {
  readonly #announcedBytes: number;
  readonly #maxHeaderListBytes: number;
  readonly #maxHeaderCount: number;
  // The peer counts with the default until it has our SETTINGS, and signals another size with an update.
  readonly #table = new DynamicTable(defaultTableBytes);
  readonly #cursor: BlockCursor = { bytes: nothing, position: 0, end: 0 };
  readonly #cache = new BlockCache();
  #updateLimitBytes: number;
  #scratch = Buffer.alloc(256);
  // The string that #locate found: in the block, or decoded into the scratch space.
  #located: Buffer = nothing;
  #locatedStart = 0;

  /** Fails with `RangeError` when a limit is no integer from 0 to 2^31-1. */
  constructor(options: HpackDecoderOptions = {}) {
    this.#announcedBytes = limit("maxTableBytes", options.maxTableBytes ?? defaultTableBytes);
    this.#maxHeaderListBytes = limit("maxHeaderListBytes", options.maxHeaderListBytes ?? 65_536);
    this.#maxHeaderCount = limit("maxHeaderCount", options.maxHeaderCount ?? 1024);
    this.#updateLimitBytes = Math.max(this.#announcedBytes, defaultTableBytes);
  }

  /**
   * The peer has acknowledged the SETTINGS that announced `maxTableBytes`. Matters below 4096 octets only: from here on
   * the smaller limit holds, and the next block must begin with the size update that obeys it (RFC 9113 §4.3.1).
   */
  settingsAcknowledged(): void {
    this.#updateLimitBytes = this.#announcedBytes;
    this.#cache.clear();
  }

  /**
   * Decodes the complete header block in the octets `start` to `end` of `block` (default: all of it). Fails with
   * `HpackError`, which is a connection error COMPRESSION_ERROR: the decoder must not be used afterwards. Time and
   * memory are linear in the length of the block and bounded by the limits; it is for the caller to bound the block.
   */
  decode(block: Uint8Array, start = 0, end = block.length): DecodedHeaders {
    const cached = this.#cache.find(block, start, end, this.#table.changes);
    if (cached !== undefined) return cached;
    const cursor = this.#cursor;
    cursor.bytes = Buffer.isBuffer(block) ? block : Buffer.from(block.buffer, block.byteOffset, block.byteLength);
    cursor.position = start;
    cursor.end = end;
    this.#decodeSizeUpdates(cursor);
    const fields: HeaderField[] = [];
    let listBytes = 0;
    let truncated = false;
    let allIndexed = cursor.position === start;
    while (cursor.position < end) {
      const first = block[cursor.position++]!;
      if (first >= 0x80) {
        const field = this.#field(decodeInteger(cursor, first, 0x7f));
        listBytes += fieldBytes(field[0], field[1]);
        if (listBytes > this.#maxHeaderListBytes || fields.length >= this.#maxHeaderCount) truncated = true;
        if (!truncated) fields.push(field);
        continue;
      }
      allIndexed = false;
      if ((first & 0xe0) === 0x20) throw new HpackError("a size update stands after the first field of a header block");
      if (fields.length >= this.#maxHeaderCount) truncated = true;
      const room = truncated ? 0 : this.#maxHeaderListBytes - listBytes;
      listBytes += this.#decodeLiteral(cursor, first, room, fields);
      if (listBytes > this.#maxHeaderListBytes) truncated = true;
    }
    cursor.bytes = nothing;
    this.#located = nothing;
    const decoded = { fields, truncated, listBytes };
    if (allIndexed) this.#cache.keep(block, start, end, this.#table.changes, decoded);
    return decoded;
  }

  #decodeSizeUpdates(cursor: BlockCursor): void {
    while (cursor.position < cursor.end) {
      const first = cursor.bytes[cursor.position]!;
      if ((first & 0xe0) !== 0x20) break;
      cursor.position++;
      const bytes = decodeInteger(cursor, first, 0x1f);
      if (bytes > this.#updateLimitBytes) {
        throw new HpackError(`a size update to ${bytes} octets is above the limit of ${this.#updateLimitBytes}`);
      }
      this.#table.resize(bytes);
    }
    if (this.#table.maxBytes > this.#updateLimitBytes) {
      throw new HpackError(`the size update to at most ${this.#updateLimitBytes} octets is missing`);
    }
  }

  /** The field of an index of both tables. */
  #field(index: number): HeaderField {
    const field = index <= staticTableLength ? staticTable[index - 1] : this.#table.at(index - staticTableLength - 1);
    if (field === undefined) throw new HpackError(`a header block refers to index ${index}, which holds no field`);
    return field;
  }

  /**
   * Decodes a literal (RFC 7541 §6.2) and returns its size. It is appended to `fields` when `room` octets hold it; a
   * string that neither the list nor the table has room for is walked over, never made.
   */
  #decodeLiteral(cursor: BlockCursor, first: number, room: number, fields: HeaderField[]): number {
    const indexed = (first & 0xc0) === 0x40;
    const tableRoom = indexed ? this.#table.maxBytes : 0;
    const most = (room > tableRoom ? room : tableRoom) - entryOverheadBytes;
    const nameIndex = decodeInteger(cursor, first, indexed ? 0x3f : 0x0f);
    let name = "";
    let length = 0;
    if (nameIndex > 0) {
      name = this.#field(nameIndex)[0];
      length = name.length;
    } else {
      length = this.#locate(cursor);
      if (length <= most) name = latin1(this.#located, this.#locatedStart, this.#locatedStart + length);
    }
    const valueLength = this.#locate(cursor);
    length += valueLength;
    const size = length + entryOverheadBytes;
    if (length <= most) {
      const value = latin1(this.#located, this.#locatedStart, this.#locatedStart + valueLength);
      const field: HeaderField = [name, value];
      if (size <= room) fields.push(field);
      if (indexed) this.#table.insert(field);
    } else if (indexed) {
      this.#table.clear();
    }
    return size;
  }

  /** Reads the string (RFC 7541 §5.2) at the cursor, leaves it in #located and returns its length when decoded. */
  #locate(cursor: BlockCursor): number {
    if (cursor.position >= cursor.end) throw new HpackError("the header block ends before a string");
    const first = cursor.bytes[cursor.position++]!;
    const length = decodeInteger(cursor, first, 0x7f);
    const start = cursor.position;
    if (length > cursor.end - start) throw new HpackError("the header block ends inside a string");
    cursor.position = start + length;
    if (first < 0x80) {
      this.#located = cursor.bytes;
      this.#locatedStart = start;
      return length;
    }
    const scratch = this.#scratchOf(maxHuffmanDecodedBytes(length));
    this.#located = scratch;
    this.#locatedStart = 0;
    return huffmanDecode(cursor.bytes, start, cursor.position, scratch);
  }

  #scratchOf(bytes: number): Buffer {
    if (bytes <= this.#scratch.length) return this.#scratch;
    if (bytes > keptScratchBytes) return Buffer.allocUnsafe(bytes);
    this.#scratch = Buffer.alloc(keptScratchBytes);
    return this.#scratch;
  }
}

function limit(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 0 || value > maxInteger) {
    throw new RangeError(`${name} must be an integer from 0 to ${maxInteger}, not ${value}`);
  }
  return value;
}
