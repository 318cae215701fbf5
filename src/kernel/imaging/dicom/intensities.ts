import { UserError } from '../../errors';
import type { Voxels, Window } from '../types';
import type { DataSet } from './dataSet';
import { groupOf } from './functionalGroups';
import type { PixelLayout } from './pixelLayout';
import { tags } from './tags';

/**
 * Stored values → the values that the image is about (Hounsfield units, …): PS3.3 C.11.1. MONOCHROME1, where low values
 * are bright, is turned round within its range, so that high is bright everywhere.
 */
export interface IntensityTransform {
  readonly slope: number;
  readonly intercept: number;
  readonly table: { readonly first: number; readonly entries: Uint16Array } | null;
  /** Of MONOCHROME1: a value and its turned one add up to this. */
  readonly pivot: number | null;
}

/** @throws UserError when a look-up table is incomplete. */
export function intensityTransformOf(
  file: string,
  data: DataSet,
  layout: PixelLayout,
  frame: number,
): IntensityTransform {
  const lut = data.item(tags.ModalityLUTSequence);
  const plain = lut ? tableTransform(file, lut, layout) : linearTransform(data, frame);
  if (layout.photometric !== 'MONOCHROME1') return plain;
  const pivot = plain.table ? Math.max(...plain.table.entries) : turningPoint(plain, layout);
  return {
    slope: -plain.slope,
    intercept: pivot - plain.intercept,
    table: plain.table && { first: plain.table.first, entries: plain.table.entries.map((entry) => pivot - entry) },
    pivot,
  };
}

function linearTransform(data: DataSet, frame: number): IntensityTransform {
  const group = groupOf(data, frame, tags.PixelValueTransformationSequence);
  const slope = group.decimal(tags.RescaleSlope) ?? data.decimal(tags.RescaleSlope) ?? 1;
  const intercept = group.decimal(tags.RescaleIntercept) ?? data.decimal(tags.RescaleIntercept) ?? 0;
  return { slope: slope === 0 ? 1 : slope, intercept, table: null, pivot: null };
}

function tableTransform(file: string, lut: DataSet, layout: PixelLayout): IntensityTransform {
  const [, first, bits] = lut.ushorts(tags.LUTDescriptor);
  const entries = lut.words(tags.LUTData);
  if (bits === undefined || !entries || entries.length === 0 || entries.length > 0x10000) {
    throw new UserError(`${file} is damaged: its modality look-up table is incomplete; get it again`, { file });
  }
  const table = { first: layout.signed && first > 0x7fff ? first - 0x10000 : first, entries };
  return { slope: 1, intercept: 0, table, pivot: null };
}

/** The sum of the least and the greatest value that the stored bits can say. */
function turningPoint({ slope, intercept }: IntensityTransform, { signed, bitsStored }: PixelLayout): number {
  const least = signed ? -(2 ** (bitsStored - 1)) : 0;
  return (least + least + 2 ** bitsStored - 1) * slope + 2 * intercept;
}

/**
 * An empty volume for the values of such transforms: floats where they give fractions, else whole numbers of a type that
 * they will mostly fit. `fitting` widens it where they do not: a CT's possible values exceed 16 bits, its real ones do not.
 */
export function voxelsFor(transforms: readonly IntensityTransform[], layout: PixelLayout, count: number): Voxels {
  const { bitsAllocated: bits, signed } = layout;
  if (layout.float) return bits === 64 ? new Float64Array(count) : new Float32Array(count);
  if (bits === 64) return new Float64Array(count);
  if (!transforms.every(({ slope, intercept }) => Number.isInteger(slope) && Number.isInteger(intercept))) {
    return new Float32Array(count);
  }
  // Turned round, values stay within the range of those that are stored.
  const asStored = transforms.every(
    ({ slope, intercept, table, pivot }) => table === null && Math.abs(slope) === 1 && intercept === (pivot ?? 0),
  );
  if (!asStored) return bits === 32 ? new Int32Array(count) : new Int16Array(count);
  if (bits === 32) return signed ? new Int32Array(count) : new Uint32Array(count);
  if (bits === 16) return signed ? new Int16Array(count) : new Uint16Array(count);
  return signed ? new Int8Array(count) : new Uint8Array(count);
}

/** The volume itself where its type holds what a frame's samples become, else a wider copy of it. */
export function fitting(voxels: Voxels, samples: Voxels, transform: IntensityTransform): Voxels {
  const limits = limitsOf(voxels);
  if (limits === null) return voxels;
  const [low, high] = rangeOf(samples, transform);
  if (low >= limits[0] && high <= limits[1]) return voxels;
  const whole = low >= -0x80000000 && high <= 0x7fffffff && !(voxels instanceof Uint32Array);
  return whole ? Int32Array.from(voxels) : Float64Array.from(voxels);
}

function limitsOf(voxels: Voxels): readonly [number, number] | null {
  if (voxels instanceof Float32Array || voxels instanceof Float64Array) return null;
  const bits = 8 * voxels.BYTES_PER_ELEMENT;
  const signed = voxels instanceof Int8Array || voxels instanceof Int16Array || voxels instanceof Int32Array;
  return signed ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
}

/** The least and the greatest value that samples become. */
function rangeOf(samples: Voxels, { slope, intercept, table }: IntensityTransform): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  const values: Voxels = table ? table.entries : samples;
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (table) return [low, high];
  const ends = [low * slope + intercept, high * slope + intercept];
  return [Math.min(...ends), Math.max(...ends)];
}

/** Writes transformed samples into a volume from voxel `at` on. */
export function transformInto(voxels: Voxels, at: number, samples: Voxels, transform: IntensityTransform): void {
  const { slope, intercept, table } = transform;
  if (table) {
    const last = table.entries.length - 1;
    for (let index = 0; index < samples.length; index++) {
      voxels[at + index] = table.entries[Math.min(last, Math.max(0, samples[index] - table.first))];
    }
  } else if (slope === 1 && intercept === 0) {
    voxels.set(samples, at);
  } else {
    for (let index = 0; index < samples.length; index++) voxels[at + index] = samples[index] * slope + intercept;
  }
}

/**
 * The first display window of a frame (PS3.3 C.11.2.1.2: LINEAR runs from c − ½ − (w − 1)/2 to c − ½ + (w − 1)/2,
 * LINEAR_EXACT from c − w/2 to c + w/2; of a sigmoid, its linear part).
 */
export function windowOf(data: DataSet, frame: number, { pivot }: IntensityTransform): Window | undefined {
  const group = groupOf(data, frame, tags.FrameVOILUTSequence);
  const centre = group.decimals(tags.WindowCenter)[0];
  const width = group.decimals(tags.WindowWidth)[0];
  if (centre === undefined || width === undefined || width <= 0) return undefined;
  const exact = (group.text(tags.VOILUTFunction) ?? 'LINEAR') !== 'LINEAR' || width <= 1;
  const [middle, reach] = exact ? [centre, width / 2] : [centre - 0.5, (width - 1) / 2];
  const [low, high] = [middle - reach, middle + reach];
  return pivot === null ? { low, high } : { low: pivot - high, high: pivot - low };
}
