import { UserError } from '../../errors';
import type { FrameLayout } from './codecModule';
import type { DataSet } from './dataSet';
import { tags } from './tags';

/** How the pixels of an object are stored (the Image Pixel module, PS3.3 C.7.6.3). */
export interface PixelLayout extends FrameLayout {
  readonly frames: number;
  readonly highBit: number;
  readonly photometric: Photometric;
  readonly planar: boolean;
  /** Float Pixel Data, Double Float Pixel Data. */
  readonly float: boolean;
}

const interpretations = [
  'MONOCHROME1',
  'MONOCHROME2',
  'PALETTE COLOR',
  'RGB',
  'YBR_FULL',
  'YBR_FULL_422',
  'YBR_ICT',
  'YBR_RCT',
] as const;
export type Photometric = (typeof interpretations)[number];

/** Bytes of voxels that one image may take; more would not fit the memory of the machines this runs on. */
const largestImage = 2 ** 32;

const mostFrames = 100_000;

/** @throws UserError when the object holds no image, or one of a kind that is not read. */
export function pixelLayoutOf(file: string, data: DataSet): PixelLayout {
  const columns = data.ushort(tags.Columns) ?? 0;
  const rows = data.ushort(tags.Rows) ?? 0;
  if (columns === 0 || rows === 0) throw noImage(file, data);
  const bitsAllocated = data.ushort(tags.BitsAllocated) ?? 0;
  const bitsStored = data.ushort(tags.BitsStored) ?? bitsAllocated;
  const highBit = data.ushort(tags.HighBit) ?? bitsStored - 1;
  const refuse = (what: string, remedy = 'save it as grey or RGB with 8, 16 or 32 bits'): UserError =>
    new UserError(`${file} ${what}, which is not read: ${remedy}`, { file });
  if (![1, 8, 16, 32, 64].includes(bitsAllocated)) throw refuse(`has ${bitsAllocated} bits per value`);
  if (bitsStored < 1 || bitsStored > bitsAllocated || highBit >= bitsAllocated || highBit < bitsStored - 1) {
    throw refuse(`says that bits ${highBit} down of ${bitsAllocated} hold ${bitsStored}`, 'get it again');
  }
  const samplesPerPixel = data.ushort(tags.SamplesPerPixel) ?? 1;
  const name = data.text(tags.PhotometricInterpretation) ?? (samplesPerPixel === 3 ? 'RGB' : 'MONOCHROME2');
  const photometric = interpretations.find((known) => known === name);
  if (!photometric) throw refuse(`has colours of the kind ${name.slice(0, 32)}`);
  const colour = photometric === 'RGB' || photometric.startsWith('YBR');
  if (samplesPerPixel !== (colour ? 3 : 1)) throw refuse(`has ${samplesPerPixel} values per pixel of ${photometric}`);
  if (colour && bitsAllocated > 16) throw refuse(`has colours of ${bitsAllocated} bits`);
  const frames = data.decimal(tags.NumberOfFrames) ?? 1;
  if (!Number.isInteger(frames) || frames < 1 || frames > mostFrames)
    throw refuse(`says that it holds ${frames} frames`, 'get it again');
  checkSize(file, columns * rows * frames * samplesPerPixel * Math.max(1, bitsAllocated / 8));
  return {
    columns,
    rows,
    frames,
    samplesPerPixel,
    bitsAllocated,
    bitsStored,
    highBit,
    photometric,
    signed: data.ushort(tags.PixelRepresentation) === 1,
    planar: data.ushort(tags.PlanarConfiguration) === 1,
    float: bitsAllocated >= 32 && (data.has(tags.FloatPixelData) || data.has(tags.DoubleFloatPixelData)),
  };
}

/** @throws UserError when the pixels of an object are no intensities, so that it is not opened as an image. */
export function checkPicture(file: string, data: DataSet): void {
  if (noPictures.has(data.text(tags.Modality) ?? '')) throw noImage(file, data);
}

/** @throws UserError when an image of so many bytes cannot be held. */
export function checkSize(file: string, bytes: number): void {
  if (bytes <= largestImage) return;
  const gigabytes = (bytes / 2 ** 30).toFixed(1);
  throw new UserError(`${file} would take ${gigabytes} GB of memory: crop it or save a part of its slices`, { file });
}

/** Their pixels are no intensities. */
const noPictures = new Set(['SEG', 'RTDOSE']);

function noImage(file: string, data: DataSet): UserError {
  const modality = data.text(tags.Modality);
  const kinds: Readonly<Record<string, string>> = {
    RTSTRUCT: 'a structure set (RTSTRUCT): contours without an image; open the series it was drawn on',
    SEG: 'a segmentation (SEG): masks without an image; open the image that it belongs to',
    RTDOSE: 'a dose grid (RTDOSE): open the series that the plan was made for',
    RTPLAN: 'a treatment plan (RTPLAN): open the series it was made for',
    SR: 'a report (SR): open the series it is about',
    PR: 'a presentation state (PR): open the image it shows',
  };
  const what =
    modality !== undefined && Object.hasOwn(kinds, modality)
      ? `is ${kinds[modality]}`
      : `holds no image${modality === undefined ? '' : ` (${modality.slice(0, 16)})`}: open one that does`;
  return new UserError(`${file} ${what}`, { file });
}
