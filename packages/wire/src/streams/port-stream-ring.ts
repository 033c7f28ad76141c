/** A queue of bytes in memory that two threads share: one writes, one reads, and neither waits for the other. */
export interface ByteRing {
  /** For the other thread, which makes its own ring of it by `openByteRing`. */
  readonly memory: SharedArrayBuffer;
  /** Bytes that it holds at most. */
  readonly sizeBytes: number;
  /** Bytes that there is room for now. */
  readonly roomBytes: number;
  /** Takes as many of the bytes as there is room for, and returns how many. */
  write(bytes: Uint8Array): number;
  /** Whether the reader rests and has to be told, by other means, that there is something; true once for each rest. */
  takeBell(): boolean;
  /** A copy of everything that waits; undefined when there is nothing, and the reader rests from then on. */
  read(): Buffer | undefined;
}

const written = 0;
const read = 1;
const resting = 2;
const headerBytes = 16;

/** Makes a ring that holds `sizeBytes`, a power of two. Its reader rests. */
export function createByteRing(sizeBytes: number): ByteRing {
  const memory = new SharedArrayBuffer(headerBytes + sizeBytes);
  new Int32Array(memory)[resting] = 1;
  return openByteRing(memory);
}

/** The ring of another thread. */
export function openByteRing(memory: SharedArrayBuffer): ByteRing {
  const cells = new Int32Array(memory, 0, headerBytes / 4);
  const bytes = new Uint8Array(memory, headerBytes);
  const size = bytes.length;
  // Both counters grow for ever and wrap around at 2^32, a multiple of every size.
  const filled = () => (Atomics.load(cells, written) - Atomics.load(cells, read)) >>> 0;
  const take = (): Buffer | undefined => {
    const length = filled();
    if (length === 0) return undefined;
    const at = (Atomics.load(cells, read) >>> 0) % size;
    const copy = Buffer.allocUnsafeSlow(length);
    const first = Math.min(length, size - at);
    copy.set(bytes.subarray(at, at + first));
    copy.set(bytes.subarray(0, length - first), first);
    Atomics.add(cells, read, length);
    return copy;
  };
  return {
    memory,
    sizeBytes: size,
    get roomBytes() {
      return size - filled();
    },
    write(given) {
      const length = Math.min(given.length, size - filled());
      if (length === 0) return 0;
      const at = (Atomics.load(cells, written) >>> 0) % size;
      const first = Math.min(length, size - at);
      bytes.set(given.subarray(0, first), at);
      bytes.set(given.subarray(first, length), 0);
      Atomics.add(cells, written, length);
      return length;
    },
    takeBell: () => Atomics.exchange(cells, resting, 0) === 1,
    read() {
      const taken = take();
      if (taken !== undefined) return taken;
      Atomics.store(cells, resting, 1);
      // What was written since then rang no bell.
      const late = take();
      if (late !== undefined) Atomics.store(cells, resting, 0);
      return late;
    },
  };
}
