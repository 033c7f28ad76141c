/** What the first bytes of a program file say about it. */
export type ExecutableKind =
  /** `architectures`: Node's names where it has one, else a number. `interpreterAt`: where its loader's path stands in the file. */
  | {
      readonly format: "elf";
      readonly architectures: readonly string[];
      readonly interpreterAt?: { readonly offset: number; readonly length: number };
    }
  | { readonly format: "mach-o" | "pe"; readonly architectures: readonly string[] }
  /** A file that starts with `#!`: the interpreter exactly as written, and its argument. */
  | { readonly format: "script"; readonly interpreter: string; readonly argument: string }
  | { readonly format: "empty" | "unknown" };

/** How many bytes of a file {@link readExecutableHeader} wants to see. */
export const executableHeaderBytes = 4096;

const elfMachines: Readonly<Record<number, string>> = {
  3: "ia32",
  8: "mips",
  20: "ppc",
  21: "ppc64",
  22: "s390x",
  40: "arm",
  62: "x64",
  183: "arm64",
  243: "riscv64",
  258: "loong64",
};
const machCpus: Readonly<Record<number, string>> = { 7: "ia32", 12: "arm", 0x1000007: "x64", 0x100000c: "arm64" };
const peMachines: Readonly<Record<number, string>> = { 0x14c: "ia32", 0x1c4: "arm", 0x8664: "x64", 0xaa64: "arm64" };

/** Tells the kind of a program from its first bytes. Never throws: what is cut short or damaged is "unknown". */
export function readExecutableHeader(bytes: Uint8Array): ExecutableKind {
  if (bytes.length === 0) return { format: "empty" };
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const magic = view.length >= 4 ? view.readUInt32BE(0) : 0;
    if (magic === 0x7f454c46) return readElf(view);
    if (magic === 0xcefaedfe || magic === 0xcffaedfe) return machO([view.readUInt32LE(4)]);
    if (magic === 0xcafebabe) return readFatMachO(view);
    if (view.toString("latin1", 0, 2) === "MZ") return readPe(view);
    if (view.toString("latin1", 0, 2) === "#!") return readScript(view);
  } catch {
    // A header shorter than its format demands.
  }
  return { format: "unknown" };
}

function readElf(view: Buffer): ExecutableKind {
  const is64 = view[4] === 2;
  const isLittle = view[5] !== 2;
  const u16 = (at: number) => (isLittle ? view.readUInt16LE(at) : view.readUInt16BE(at));
  const u32 = (at: number) => (isLittle ? view.readUInt32LE(at) : view.readUInt32BE(at));
  const word = (at: number) => {
    if (!is64) return u32(at);
    return Number(isLittle ? view.readBigUInt64LE(at) : view.readBigUInt64BE(at));
  };
  const architectures = [name(elfMachines, u16(18))];
  const table = word(is64 ? 32 : 28);
  const entryBytes = u16(is64 ? 54 : 42);
  const entries = u16(is64 ? 56 : 44);
  for (let index = 0; index < entries; index++) {
    const at = table + index * entryBytes;
    if (at + entryBytes > view.length) break;
    // PT_INTERP: the program header that names the loader.
    if (u32(at) !== 3) continue;
    const offset = word(at + (is64 ? 8 : 4));
    const length = word(at + (is64 ? 32 : 16));
    return { format: "elf", architectures, interpreterAt: { offset, length } };
  }
  return { format: "elf", architectures };
}

function readFatMachO(view: Buffer): ExecutableKind {
  const count = view.readUInt32BE(4);
  // Java class files share this magic number; their next field reads as a large count.
  if (count === 0 || count > 16) return { format: "unknown" };
  return machO(Array.from({ length: count }, (_, index) => view.readUInt32BE(8 + index * 20)));
}

function machO(cpus: readonly number[]): ExecutableKind {
  return { format: "mach-o", architectures: cpus.map((cpu) => name(machCpus, cpu)) };
}

function readPe(view: Buffer): ExecutableKind {
  const at = view.readUInt32LE(0x3c);
  if (view.toString("latin1", at, at + 4) !== "PE\0\0") return { format: "unknown" };
  return { format: "pe", architectures: [name(peMachines, view.readUInt16LE(at + 4))] };
}

function readScript(view: Buffer): ExecutableKind {
  const lineEnd = view.indexOf(0x0a);
  const line = view.toString("utf8", 2, lineEnd === -1 ? view.length : lineEnd);
  const [, interpreter = "", argument = ""] = /^[ \t]*([^ \t]*)[ \t]*(.*)$/s.exec(line) ?? [];
  return { format: "script", interpreter, argument };
}

function name(table: Readonly<Record<number, string>>, machine: number): string {
  return table[machine] ?? `machine 0x${machine.toString(16)}`;
}
