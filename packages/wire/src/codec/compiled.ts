import type { DescMessage } from "@bufbuild/protobuf";
import type { WriteMessage } from "./compile.js";
import type { MessageReader } from "./message-reader.js";

/**
 * What was compiled from descriptors, once for the process: it depends on them alone, and goes with them. Compiled for each connection it took a
 * third of the heap of a plugin that is bound and rests: 40 KiB.
 */
export const compiled = {
  readers: new WeakMap<DescMessage, MessageReader>(),
  writers: new WeakMap<DescMessage, WriteMessage>(),
} as const;
