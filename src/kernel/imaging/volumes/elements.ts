import type { Voxels } from '../types';

type Kind = new (buffer: ArrayBuffer) => Voxels | BigInt64Array<ArrayBuffer> | BigUint64Array<ArrayBuffer>;

/** What one value of a file is, with the array that holds such values. */
const kinds = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float32: Float32Array,
  float64: Float64Array,
} as const satisfies Record<string, Kind>;

export type Element = keyof typeof kinds;

export const elementBytes = (element: Element): number => kinds[element].BYTES_PER_ELEMENT;

/**
 * The values that lie in `buffer`, which becomes theirs: bytes are put into this machine's order in place. 64-bit integers
 * become doubles, exact up to 2^53.
 */
export function valuesOf(buffer: ArrayBuffer, element: Element, little: boolean): Voxels {
  if (!little) swap(Buffer.from(buffer), elementBytes(element));
  const values = new kinds[element](buffer);
  return values instanceof BigInt64Array || values instanceof BigUint64Array
    ? Float64Array.from(values, Number)
    : values;
}

function swap(bytes: Buffer, width: number): void {
  if (width === 2) bytes.swap16();
  else if (width === 4) bytes.swap32();
  else if (width === 8) bytes.swap64();
}

/** Numbers as they stand in a text, as values of that kind. NaN where one is no number. */
export function valuesOfText(words: readonly string[], element: Element): Voxels {
  const numbers = Float64Array.from(words, Number);
  const Kind = kinds[element];
  if (Kind === BigInt64Array || Kind === BigUint64Array) return numbers;
  return new (Kind as unknown as new (from: Float64Array) => Voxels)(numbers);
}
