/** A tiny shared library: an ELF header, one loaded segment, and the dynamic section that names what it needs. */
export function libraryFile({ soname, needed }: { soname: string | null; needed: readonly string[] }): Buffer {
  const base = 0x10000; // addresses differ from positions in the file, as they do in large libraries
  let strings = '\0';
  const text = (value: string): number => {
    const at = strings.length;
    strings += `${value}\0`;
    return at;
  };
  const entries: [number, number][] = needed.map((name) => [1, text(name)]);
  if (soname !== null) entries.push([14, text(soname)]);
  entries.push([29, text('$ORIGIN')]);
  const headers = 64 + 2 * 56;
  const dynamicSize = 16 * (entries.length + 2);
  entries.push([5, base + headers + dynamicSize], [0, 0]);

  const file = Buffer.alloc(headers + dynamicSize + strings.length);
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).copy(file);
  file.writeUInt16LE(3, 16); // a shared object
  file.writeUInt16LE(62, 18); // x86-64
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(64n, 32); // where the segments are told of
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(2, 56);
  const segment = (at: number, type: number, position: number, size: number): void => {
    file.writeUInt32LE(type, at);
    file.writeBigUInt64LE(BigInt(position), at + 8);
    file.writeBigUInt64LE(BigInt(base + position), at + 16);
    file.writeBigUInt64LE(BigInt(size), at + 32);
  };
  segment(64, 1, 0, file.length);
  segment(64 + 56, 2, headers, dynamicSize);
  for (const [index, [tag, value]] of entries.entries()) {
    file.writeBigUInt64LE(BigInt(tag), headers + 16 * index);
    file.writeBigUInt64LE(BigInt(value), headers + 16 * index + 8);
  }
  file.write(strings, headers + dynamicSize, 'latin1');
  return file;
}
