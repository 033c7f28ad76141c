import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isTenonError } from "@tenon/core";
import { createSocketPlace, maxSocketPathBytes } from "./socket-place.js";

function temporary(t: { after(fn: () => void): void }): string {
  const directory = mkdtempSync("/tmp/place-");
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

test("makes a private directory below the one for temporary files, and removes it with its socket [PLUG-09]", (t) => {
  const tempDir = temporary(t);
  const place = createSocketPlace({ plugin: "kv", tempDir });
  const directory = join(place.path, "..");
  assert.match(place.path, /^\/tmp\/place-[^/]+\/tenon-[^/]{6}\/sock$/);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  writeFileSync(place.path, "");
  place.remove();
  assert.ok(!existsSync(directory));
  place.remove();
});

test("puts the socket right into a directory that the host named, and leaves that alone [ENV-15]", (t) => {
  const socketDir = temporary(t);
  const place = createSocketPlace({ plugin: "kv", socketDir, tempDir: "/nowhere" });
  assert.equal(join(place.path, ".."), socketDir);
  writeFileSync(place.path, "");
  place.remove();
  assert.ok(!existsSync(place.path) && existsSync(socketDir));
});

test("falls back to /tmp where the directory for temporary files cannot be used, and says so", (t) => {
  const tempDir = join(temporary(t), "x".repeat(100));
  mkdirSync(tempDir);
  for (const [unusable, why] of [
    [tempDir, /the system allows/],
    ["/nowhere/at/all", /ENOENT/],
    ["/tmp/a|b", /handshake line cannot carry/],
  ] as const) {
    const place = createSocketPlace({ plugin: "kv", tempDir: unusable });
    assert.match(place.path, /^\/tmp\/tenon-[^/]{6}\/sock$/);
    assert.equal(place.notes.length, 1);
    assert.match(place.notes[0]!, why);
    place.remove();
  }
});

test("refuses a path beyond the system's limit, and takes one of just that length [PLUG-08]", (t) => {
  const base = temporary(t);
  const socketDir = (length: number) => {
    const directory = join(base, "d".repeat(length - base.length - 1));
    mkdirSync(directory);
    return directory;
  };
  const nameBytes = "/plugin12345678".length;
  const fits = createSocketPlace({ plugin: "kv", socketDir: socketDir(maxSocketPathBytes - nameBytes) });
  assert.equal(Buffer.byteLength(fits.path), maxSocketPathBytes);
  assert.throws(
    () => createSocketPlace({ plugin: "kv", socketDir: socketDir(maxSocketPathBytes - nameBytes + 1) }),
    (error) => isTenonError(error, "socket-path-too-long") && error.facts["maxSocketPathBytes"] === maxSocketPathBytes,
  );
});

test("counts bytes, not characters [PLUG-08]", () => {
  const socketDir = `/tmp/${"ä".repeat(50)}`;
  assert.throws(
    () => createSocketPlace({ plugin: "kv", socketDir }),
    (error) => isTenonError(error, "socket-path-too-long"),
  );
});

test("refuses a named directory whose path a handshake line cannot carry [HS-21]", () => {
  assert.throws(
    () => createSocketPlace({ plugin: "kv", socketDir: "/tmp/a|b" }),
    (error) => isTenonError(error, "address-invalid"),
  );
});
