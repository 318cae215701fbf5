// Tells by a file's own first bytes which platform its code is for.

const elf = { 0x3e: 'x64', 0xb7: 'arm64' };
const pe = { 0x8664: 'x64', 0xaa64: 'arm64' };
const machO = { 0x01000007: 'x64', 0x0100000c: 'arm64' };

/** "linux-x64", "win32-x64", "darwin-arm64" …; "linux-?" for a processor that none of our targets has; null: no native code. */
export function platformOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const has = (count) => bytes.byteLength >= count;
  if (!has(64)) return null;
  const magic = view.getUint32(0);
  if (magic === 0x7f454c46) return `linux-${elf[view.getUint16(18, true)] ?? '?'}`;
  if (magic === 0xcffaedfe) return `darwin-${machO[view.getUint32(4, true)] ?? '?'}`;
  // Several processors in one file: more than any target needs.
  if (magic === 0xcafebabe) return 'darwin-?';
  if (magic >>> 16 !== 0x4d5a) return null;
  const header = view.getUint32(60, true);
  if (!has(header + 6) || view.getUint32(header) !== 0x50450000) return null;
  return `win32-${pe[view.getUint16(header + 4, true)] ?? '?'}`;
}
