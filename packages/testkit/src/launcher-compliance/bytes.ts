import assert from "node:assert/strict";

/** Fails with lengths where others would print megabytes. */
export function sameBytes(actual: Uint8Array | undefined, expected: Uint8Array): void {
  if (actual !== undefined && Buffer.compare(actual, expected) === 0) return;
  assert.fail(`${actual?.length} bytes came that are not the ${expected.length} that were sent`);
}
