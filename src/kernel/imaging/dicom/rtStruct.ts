import { UserError } from '../../errors';
import { readFileBytes } from '../../files';
import type { MedicalImage } from '../types';
import type { DataSet } from './dataSet';
import { toggleInside } from './fillPolygon';
import { gridOf, type Grid } from './grid';
import { ClassNames, type Masks, type MaskOptions } from './masks';
import { parseDicom } from './parse';
import { tags } from './tags';

/** A contour may lie beside the middle of its slice by this part of a slice. */
const besideSlice = 0.5;

/** Names of the regions of a structure set that have contours, in its order. @throws UserError when it is none. */
export async function readRtStructNames(file: string): Promise<string[]> {
  return (await regionsOf(file)).map(({ name }) => name);
}

/**
 * Masks of the closed contours of a structure set (RTSTRUCT) in the voxels of the image they were drawn on: a voxel
 * belongs to a region when its centre lies inside; contours of one slice toggle (an inner one makes a hole).
 * @throws UserError, one line, when it is no structure set, or does not fit the image.
 */
export async function readRtStruct(file: string, image: MedicalImage, { only }: MaskOptions = {}): Promise<Masks> {
  const [width, height, slices] = image.size;
  const grid = gridOf(image);
  const classes = new Map<string, Uint8Array>();
  let outside = 0;
  for (const { name, contours } of await regionsOf(file)) {
    if (only && !only(name)) continue;
    const mask = new Uint8Array(width * height * slices);
    let inside = 0;
    for (const contour of contours) {
      const { polygon, slice } = placeContour(file, contour, grid);
      if (slice < 0 || slice >= slices) continue;
      toggleInside(mask.subarray(slice * width * height, (slice + 1) * width * height), width, polygon);
      inside++;
    }
    if (inside > 0) classes.set(name, mask);
    else outside++;
  }
  if (classes.size === 0 && outside > 0) {
    throw new UserError(`${file} was not drawn on ${image.path}: none of its contours lies in it`, { file });
  }
  return { classes };
}

interface Region {
  readonly name: string;
  readonly contours: readonly DataSet[];
}

async function regionsOf(file: string): Promise<Region[]> {
  const { data } = await parseDicom(file, await readFileBytes(file));
  if (data.items(tags.StructureSetROISequence).length === 0) {
    throw new UserError(`${file} is no structure set (RTSTRUCT): name one`, { file });
  }
  const names = new ClassNames();
  const nameOf = new Map<number, string>();
  for (const roi of data.items(tags.StructureSetROISequence)) {
    const number = roi.decimal(tags.ROINumber);
    if (number !== undefined) nameOf.set(number, names.distinct(roi.text(tags.ROIName), number));
  }
  return data.items(tags.ROIContourSequence).flatMap((roi) => {
    const number = roi.decimal(tags.ReferencedROINumber) ?? -1;
    const closed = roi
      .items(tags.ContourSequence)
      .filter((contour) => (contour.text(tags.ContourGeometricType) ?? '').replace('_', '').startsWith('CLOSEDPLANAR'));
    return closed.length === 0 ? [] : [{ name: nameOf.get(number) ?? `region ${number}`, contours: closed }];
  });
}

function placeContour(file: string, contour: DataSet, grid: Grid): { polygon: number[]; slice: number } {
  const places = contour.decimals(tags.ContourData);
  if (places.length < 9 || places.length % 3 !== 0) {
    throw new UserError(`${file} is damaged: a contour holds no triplets of numbers; get it again`, { file });
  }
  const polygon: number[] = [];
  let [low, high] = [Infinity, -Infinity];
  for (let at = 0; at < places.length; at += 3) {
    const [x, y, z] = grid.toIndex([places[at], places[at + 1], places[at + 2]]);
    polygon.push(x, y);
    low = Math.min(low, z);
    high = Math.max(high, z);
  }
  if (high - low > besideSlice) {
    throw new UserError(`${file} holds contours across the slices of the image: open the series they were drawn on`, {
      file,
    });
  }
  return { polygon, slice: Math.round((low + high) / 2) };
}
