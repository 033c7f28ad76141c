import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { compiled } from "./compiled.js";
import { compileReader } from "./compile-reader.js";
import type { MessageReader } from "./message-reader.js";
import { Source, Unreadable } from "./source.js";

/**
 * Decodes messages out of memory that is used again: 2.6 times as fast as fromBinary for a text of 8 and a value of 64
 * bytes, 5.4 times as fast as a copy for it to read. That holds while no value is larger than 64 bytes: those are outside
 * of the engine's heap, and for values of a kilobyte making them costs more than fromBinary does with its views.
 */
export class MessageDecoder {
  readonly #source = new Source();
  // The last one again: a stream has messages of one type.
  #desc: DescMessage | undefined;
  #reader: MessageReader | undefined;

  /**
   * The message in the bytes from `start` to `end`, equal to what protobuf-es's fromBinary makes of them, except that
   * nothing of it shares memory with them: they may be overwritten afterwards. Throws what fromBinary throws for bytes
   * that are no such message. A `bytes` field is a Uint8Array also when the input is a Buffer, from which it costs 0.05 µs
   * more.
   */
  decode<Desc extends DescMessage>(desc: Desc, bytes: Uint8Array, start: number, end: number): MessageShape<Desc> {
    const source = this.#source;
    if (desc !== this.#desc) {
      this.#reader = compileReader(desc, compiled.readers);
      this.#desc = desc;
    }
    const reader = this.#reader!;
    source.open(bytes, start, end);
    try {
      const message = reader.create();
      reader.read(source, message);
      return message as unknown as MessageShape<Desc>;
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      return fromBinary(desc, new Uint8Array(bytes.subarray(start, end)));
    } finally {
      source.close();
    }
  }
}
