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

/** The least and the greatest value that a transform can give. */
function rangeOf({ slope, intercept, table }: IntensityTransform, layout: PixelLayout): [number, number] {
  if (table) return [0, 0xffff];
  // A code stream's precision may exceed the bits that the header says are stored.
  const bits = layout.bitsAllocated;
  const least = layout.signed ? -(2 ** (bits - 1)) : 0;
  const ends = [least, least + 2 ** bits - 1].map((value) => value * slope + intercept);
  return [Math.min(...ends), Math.max(...ends)];
}

/** An empty volume whose type holds every value that the transforms can give: whole numbers where they do. */
export function voxelsFor(transforms: readonly IntensityTransform[], layout: PixelLayout, count: number): Voxels {
  const whole = transforms.every(({ slope, intercept }) => Number.isInteger(slope) && Number.isInteger(intercept));
  if (layout.float) return layout.bitsAllocated === 64 ? new Float64Array(count) : new Float32Array(count);
  if (!whole) return new Float32Array(count);
  let [low, high] = [Infinity, -Infinity];
  for (const transform of transforms) {
    const [least, most] = rangeOf(transform, layout);
    low = Math.min(low, least);
    high = Math.max(high, most);
  }
  if (low >= 0 && high <= 0xff) return new Uint8Array(count);
  if (low >= -0x80 && high <= 0x7f) return new Int8Array(count);
  if (low >= 0 && high <= 0xffff) return new Uint16Array(count);
  if (low >= -0x8000 && high <= 0x7fff) return new Int16Array(count);
  if (low >= 0 && high <= 0xffffffff) return new Uint32Array(count);
  if (low >= -0x80000000 && high <= 0x7fffffff) return new Int32Array(count);
  return new Float64Array(count);
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

/** 16-bit voxels where 32 bits turn out not to be needed: a CT's possible values exceed 16 bits, its real ones do not. */
export function narrowed(voxels: Voxels): Voxels {
  if (!(voxels instanceof Int32Array || voxels instanceof Uint32Array)) return voxels;
  let [low, high] = [Infinity, -Infinity];
  for (const value of voxels) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low >= -0x8000 && high <= 0x7fff) return Int16Array.from(voxels);
  return low >= 0 && high <= 0xffff ? Uint16Array.from(voxels) : voxels;
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
