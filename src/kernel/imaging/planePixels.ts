import { promisify } from 'node:util';
import { constants, deflateRaw } from 'node:zlib';
import type { SlicePixels } from '../../protocol/image';
import { applyDelta } from '../../protocol/sliceCoding';
import type { Slice, Voxels } from './types';

const deflate = promisify(deflateRaw);

/** Stored numbers with which intensity = slope · stored + intercept. */
interface Stored {
  readonly kind: SlicePixels['kind'];
  readonly pixels: Int16Array | Uint8Array;
  readonly slope: number;
  readonly intercept: number;
}

/**
 * A slice as it goes to a page: in whole numbers, as differences, deflated; not windowed, so that the page may.
 * `shrink`: by what it was shrunk before.
 */
export async function encodeSlicePixels(slice: Omit<Slice, 'spacing'>, shrink = 1): Promise<SlicePixels> {
  const { width, height } = slice;
  const { kind, pixels, slope, intercept } = stored(slice);
  // Differences repeat as runs, hardly otherwise: looking for nothing else is three times as fast and no larger.
  const bytes = await deflate(applyDelta(kind, width, height, pixels), { strategy: constants.Z_RLE });
  return { kind, width, height, shrink, slope, intercept, data: bytes.toString('base64') };
}

function stored({ channels, pixels }: Pick<Slice, 'channels' | 'pixels'>): Stored {
  if (channels === 3) return { kind: 'rgb8', pixels: bytesOf(pixels), slope: 1, intercept: 0 };
  if (pixels instanceof Uint8Array) return { kind: 'uint8', pixels, slope: 1, intercept: 0 };
  if (pixels instanceof Int16Array) return { kind: 'int16', pixels, slope: 1, intercept: 0 };
  const { low, high, whole } = extent(pixels);
  if (whole && high - low <= 65_535) {
    const intercept = low >= -32_768 && high <= 32_767 ? 0 : low + 32_768;
    return { kind: 'int16', pixels: Int16Array.from(pixels, (value) => value - intercept), slope: 1, intercept };
  }
  const slope = (high - low) / 65_535 || 1;
  const intercept = low + 32_768 * slope;
  const level = (value: number): number =>
    value >= low ? Math.min(32_767, Math.round((value - intercept) / slope)) : -32_768;
  return { kind: 'int16', pixels: Int16Array.from(pixels, level), slope, intercept };
}

/** Extremes of the values that are finite, and whether all values are whole numbers. */
function extent(pixels: Voxels): { low: number; high: number; whole: boolean } {
  let [low, high, whole] = [Infinity, -Infinity, true];
  for (const value of pixels) {
    if (!Number.isInteger(value)) whole = false;
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? { low, high, whole } : { low: 0, high: 0, whole: false };
}

const bytesOf = (pixels: Voxels): Uint8Array => (pixels instanceof Uint8Array ? pixels : Uint8Array.from(pixels));
