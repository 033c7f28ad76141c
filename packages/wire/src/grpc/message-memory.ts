/** Smaller ones come out of the heap faster with zeros in them. */
const minUnwrittenBytes = 4096;
const minLargeBytes = 16_384;
/** In slots of eight bytes: a larger array would not lie among the young objects. */
const maxBallastSlots = 8192;

/** Memory for a message, every byte of which is to be written before anybody reads it. */
export function createMemory(bytes: number): Uint8Array<ArrayBuffer> {
  return bytes < minUnwrittenBytes ? new Uint8Array(bytes) : new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer);
}

/**
 * Brings the next young collection nearer by a quarter of the size of a large message. V8 counts memory outside of its heap
 * against the limit of its old generation: a few MiB of dead messages make it mark the whole heap, again and again, while
 * a young collection, which takes a tenth of the time and frees them all, is due only when small objects have filled their
 * space. The result must be kept for a moment, or the compiler leaves all of this out.
 */
export function createBallast(bytes: number): unknown {
  if (bytes < minLargeBytes) return undefined;
  let ballast: unknown;
  for (let slots = bytes >>> 5; slots > 0; slots -= maxBallastSlots) {
    ballast = [Array<undefined>(Math.min(slots, maxBallastSlots)), typeof ballast];
  }
  return ballast;
}
