import type { DescMessage } from "@bufbuild/protobuf";
import type { Fields } from "./message-factory.js";
import type { Source } from "./source.js";

/** What is compiled of a message type. */
export interface MessageReader {
  /** Makes an empty message. */
  readonly create: () => Fields;
  /** Reads fields into a message until the end of the source. */
  readonly read: (source: Source, message: Fields) => void;
}

/** Reads one field, behind its tag, into a message. */
export type ReadField = (source: Source, message: Fields) => void;

/** Gives the reader of another message type. */
export type ReaderOf = (desc: DescMessage) => MessageReader;

/** Reads a message of a length that goes before it. */
export function readInner(source: Source, reader: MessageReader, message: Fields): Fields {
  const length = source.length();
  const outerEnd = source.end;
  source.end = source.position + length;
  reader.read(source, message);
  source.end = outerEnd;
  return message;
}
