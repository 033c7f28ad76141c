import { frameBytes, frameFlag, frameType, literalBlock, uint32 } from "@tenon/testkit";
import { framed, path } from "../hostile/arena.js";
import type { Random } from "./random.js";

const ids = [0, 1, 1, 1, 2, 3, 3, 5, 7, 9, 0x7fffffff];
const lengths = [0, 1, 3, 4, 5, 6, 7, 8, 9, 12, 100, 16_384, 16_385];
const request: [string, string][] = [
  [":method", "POST"],
  [":scheme", "http"],
  [":path", path.unary],
  [":authority", "fuzz"],
  ["content-type", "application/grpc"],
  ["te", "trailers"],
];
const answer: [string, string][] = [
  [":status", "200"],
  ["content-type", "application/grpc"],
];
const extras: [string, string][] = [
  ["grpc-status", "0"],
  ["grpc-status", "13"],
  ["grpc-encoding", "gzip"],
  ["grpc-encoding", "zstd"],
  ["grpc-timeout", "1n"],
  ["content-length", "3"],
  ["connection", "close"],
  ["X-Upper", "1"],
  [":path", path.bidi],
  ["odd-bin", "!!"],
];
const settingsValues = [0, 1, 2, 16_384, 0x7fffffff, 0x80000000, 0xffffffff];

function headerBlock(random: Random): Buffer {
  const fields = random.pick([request, request, answer, answer, []]).slice();
  for (let i = random.below(3); i > 0; i--) fields.splice(random.below(fields.length + 1), 0, random.pick(extras));
  if (random.below(4) === 0) fields.splice(random.below(fields.length), 1);
  const block = literalBlock(fields);
  if (block.length > 0 && random.below(4) === 0) block[random.below(block.length)] = random.below(256);
  return block;
}

function payload(random: Random, type: number): Buffer {
  switch (type) {
    case frameType.data:
      return framed(random.bytes(random.below(30)), random.pick([0, 0, 0, 1, 2]), random.pick([0, 5, 20, 2 ** 31]));
    case frameType.headers:
    case frameType.continuation:
      return headerBlock(random);
    case frameType.settings: {
      const entry = () => Buffer.concat([Buffer.from([0, random.below(8)]), uint32(random.pick(settingsValues))]);
      return Buffer.concat(Array.from({ length: random.below(4) }, entry));
    }
    case frameType.windowUpdate:
    case frameType.rstStream:
      return uint32(random.pick([0, 1, 8, 1000, 0x7fffffff, 0xffffffff]));
    case frameType.ping:
      return Buffer.alloc(8);
    case frameType.goaway:
      return Buffer.concat([uint32(random.pick(ids)), uint32(random.below(16)), random.bytes(random.below(5))]);
    default:
      return random.bytes(random.below(12));
  }
}

/** A frame of any type: most have the length that they should have, some any other, some a header that lies about it. */
export function randomFrame(random: Random): Buffer {
  const type = random.below(12);
  const flags = random.pick([0, 0, frameFlag.endHeaders, 5, frameFlag.endStream, random.below(256)]);
  const body = random.below(8) === 0 ? random.bytes(random.pick(lengths)) : payload(random, type);
  const bytes = frameBytes(type, flags, random.pick(ids), body);
  if (random.below(30) === 0) bytes.writeUIntBE(random.pick(lengths), 0, 3);
  return bytes;
}
