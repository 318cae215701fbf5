/** Bytes that tell what wraps a checkpoint. */
export const containerStart = 14;

const zip = Buffer.from('PK\x03\x04', 'latin1');

/** A pickle of protocol 2 that holds PyTorch's magic number, 0x1950a86a20f9469cfc6c. */
const legacyTorch = Buffer.from('80028a0a6cfc9c46f9206aa85019', 'hex');

/** What the first bytes of a file say; null for anything else (a safetensors file has no signature). */
export function containerOf(start: Uint8Array): 'zip' | 'torch before 1.6' | null {
  const begins = (signature: Buffer): boolean => signature.equals(start.subarray(0, signature.length));
  if (begins(zip)) return 'zip';
  return begins(legacyTorch) ? 'torch before 1.6' : null;
}
