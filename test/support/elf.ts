/**
 * The smallest ELF file that a Linux kernel takes for a program of another processor: 64 bytes of header that name
 * S/390 on little-endian machines, which none of them is.
 */
export function elfForAnotherMachine(): Buffer {
  const header = Buffer.alloc(64);
  header.write("\x7fELF", "latin1");
  header[4] = 2; // 64 bits
  header[5] = 1; // little-endian
  header[6] = 1; // version
  header.writeUInt16LE(2, 16); // executable
  header.writeUInt16LE(22, 18); // machine
  header.writeUInt32LE(1, 20); // version
  header.writeUInt16LE(64, 52); // size of this header
  return header;
}
