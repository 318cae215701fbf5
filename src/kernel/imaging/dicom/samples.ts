import type { Voxels } from '../types';
import type { StoredFrame } from './frames';

/**
 * The samples of a frame as numbers: only the bits that count, with their sign. Bits outside of them may hold overlays.
 * Float samples are passed through.
 */
export function samplesOf(frame: StoredFrame, { signed, float }: { signed: boolean; float: boolean }): Voxels {
  const { bitsAllocated, bitsStored, highBit } = frame;
  // A copy: a typed array of wider elements may not start anywhere.
  const bytes = new Uint8Array(frame.bytes).buffer;
  if (float) return bitsAllocated === 64 ? new Float64Array(bytes) : new Float32Array(bytes);
  if (bitsAllocated === 64)
    return Float64Array.from(signed ? new BigInt64Array(bytes) : new BigUint64Array(bytes), Number);
  const samples = wordsOf(bytes, bitsAllocated, signed);
  const below = highBit + 1 - bitsStored;
  const unused = bitsAllocated - bitsStored;
  if (unused > 0) {
    // Up to the top of 32 bits and down again: the first shift drops what lies above, the second what lies below.
    const up = 32 - bitsAllocated + (unused - below);
    const down = 32 - bitsStored;
    for (let index = 0; index < samples.length; index++) {
      const raised = samples[index] << up;
      samples[index] = signed ? raised >> down : raised >>> down;
    }
  }
  return samples;
}

function wordsOf(bytes: ArrayBuffer, bits: number, signed: boolean): Voxels {
  if (bits === 8) return signed ? new Int8Array(bytes) : new Uint8Array(bytes);
  if (bits === 16) return signed ? new Int16Array(bytes) : new Uint16Array(bytes);
  return signed ? new Int32Array(bytes) : new Uint32Array(bytes);
}
