/** A value and the version that its write was given. */
export interface Entry {
  readonly value: Uint8Array;
  readonly version: bigint;
}

/** What is stored for one plugin, whole. */
export interface Contents {
  readonly entries: Iterable<readonly [key: string, entry: Entry]>;
  /** The last version that was given. */
  readonly lastVersion: bigint;
}

/** Bytes that an entry counts; 0 where there is none. */
export function sizeOf(key: string, entry: Entry | undefined): number {
  return entry === undefined ? 0 : Buffer.byteLength(key) + entry.value.length;
}

/** Compares keys by their UTF-8 bytes, without making these. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const x = a.charCodeAt(at);
    const y = b.charCodeAt(at);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for what is above all else, and UTF-16 has them in the middle. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
