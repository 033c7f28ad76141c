import assert from "node:assert/strict";
import { test } from "node:test";
import { createFdWriter, writeFully } from "./fd-writer.js";

const failure = (code: string) => Object.assign(new Error(code), { code });

/** A descriptor that does what the script says: takes so many bytes, or fails with a code. */
function scripted(script: (number | string)[]) {
  const taken: string[] = [];
  const write = (_fd: number, bytes: Uint8Array) => {
    const step = script.shift() ?? bytes.length;
    if (typeof step === "string") throw failure(step);
    taken.push(Buffer.from(bytes.subarray(0, step)).toString());
    return Math.min(step, bytes.length);
  };
  return { taken, write };
}

test("goes on after short writes, interruptions and a full pipe", () => {
  const { taken, write } = scripted([2, "EINTR", "EAGAIN", "EAGAIN", 1]);
  assert.equal(writeFully(2, "abcdef", 100, write), "written");
  assert.deepEqual(taken, ["ab", "c", "def"]);
});

test("does not throw when the reader is gone", () => {
  for (const code of ["EPIPE", "EBADF", "EIO"]) {
    assert.equal(writeFully(2, "x", 100, scripted([code]).write), "dropped");
  }
});

test("drops whole texts while a pipe stays full, counts them, and tells when it works again", () => {
  const { taken, write } = scripted(["EAGAIN", "EAGAIN"]);
  const recovered: number[] = [];
  const put = createFdWriter(2, { stallTimeoutMs: 0, write, onRecovered: (count) => recovered.push(count) });
  assert.deepEqual([put("a\n"), put("b\n"), put("c\n"), put("d\n")], [false, false, true, true]);
  assert.deepEqual(taken, ["c\n", "d\n"]);
  assert.deepEqual(recovered, [2]);
});

test("ends the line of a text that could be written only in part", () => {
  const { taken, write } = scripted([1, "EAGAIN"]);
  const put = createFdWriter(2, { stallTimeoutMs: 0, write });
  assert.deepEqual([put("torn\n"), put("next\n")], [false, true]);
  assert.deepEqual(taken, ["t", "\n", "next\n"]);
});
