import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { readExecutableHeader } from "./executable-header.js";

function elf(machine: number, is64 = true, isLittle = true): Buffer {
  const header = Buffer.alloc(64);
  header.write("\x7fELF", "latin1");
  header[4] = is64 ? 2 : 1;
  header[5] = isLittle ? 1 : 2;
  if (isLittle) header.writeUInt16LE(machine, 18);
  else header.writeUInt16BE(machine, 18);
  return header;
}

test("programs name their format and architecture [LIFE-07]", () => {
  const pe = Buffer.alloc(0x86);
  pe.write("MZ");
  pe.writeUInt32LE(0x80, 0x3c);
  pe.write("PE\0\0", 0x80, "latin1");
  pe.writeUInt16LE(0xaa64, 0x84);
  const machO = Buffer.alloc(8);
  machO.writeUInt32BE(0xcffaedfe);
  machO.writeUInt32LE(0x100000c, 4);
  const fat = Buffer.alloc(48);
  fat.writeUInt32BE(0xcafebabe);
  fat.writeUInt32BE(2, 4);
  fat.writeUInt32BE(0x1000007, 8);
  fat.writeUInt32BE(0x100000c, 28);
  assert.deepEqual(readExecutableHeader(elf(62)), { format: "elf", architectures: ["x64"] });
  assert.deepEqual(readExecutableHeader(elf(22, true, false)), { format: "elf", architectures: ["s390x"] });
  assert.deepEqual(readExecutableHeader(elf(9999)), { format: "elf", architectures: ["machine 0x270f"] });
  assert.deepEqual(readExecutableHeader(pe), { format: "pe", architectures: ["arm64"] });
  assert.deepEqual(readExecutableHeader(machO), { format: "mach-o", architectures: ["arm64"] });
  assert.deepEqual(readExecutableHeader(fat), { format: "mach-o", architectures: ["x64", "arm64"] });
});

test("the place of an ELF program's loader is found [LIFE-07]", () => {
  const bytes = Buffer.concat([elf(183), Buffer.alloc(56)]);
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(1, 56);
  bytes.writeUInt32LE(3, 64);
  bytes.writeBigUInt64LE(500n, 72);
  bytes.writeBigUInt64LE(28n, 96);
  assert.deepEqual(readExecutableHeader(bytes), {
    format: "elf",
    architectures: ["arm64"],
    interpreterAt: { offset: 500, length: 28 },
  });
});

test("scripts name their interpreter exactly as written [LIFE-07]", () => {
  const read = (text: string) => readExecutableHeader(Buffer.from(text));
  assert.deepEqual(read("#!/bin/sh\n"), { format: "script", interpreter: "/bin/sh", argument: "" });
  assert.deepEqual(read("#! /usr/bin/env node\nx"), {
    format: "script",
    interpreter: "/usr/bin/env",
    argument: "node",
  });
  assert.deepEqual(read("#!/bin/sh\r\n"), { format: "script", interpreter: "/bin/sh\r", argument: "" });
  assert.deepEqual(read(""), { format: "empty" });
  assert.deepEqual(read("echo hello"), { format: "unknown" });
});

test("no bytes make it throw", () => {
  const start = fc.constantFrom(
    "\x7fELF\x02\x01",
    "\x7fELF\x01\x02",
    "MZ",
    "#!",
    "\xca\xfe\xba\xbe",
    "\xcf\xfa\xed\xfe",
    "",
  );
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 200 }), (magic, rest) => {
      assert.equal(typeof readExecutableHeader(Buffer.concat([Buffer.from(magic, "latin1"), rest])).format, "string");
    }),
  );
});
