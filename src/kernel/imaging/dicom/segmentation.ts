import { UserError } from '../../errors';
import { readFileBytes } from '../../files';
import type { MedicalImage } from '../types';
import type { DataSet } from './dataSet';
import { framesOf } from './frames';
import { groupOf } from './functionalGroups';
import { cross, planeOf, type Plane } from './geometry';
import { gridOf, type Point } from './grid';
import { ClassNames, type MaskOptions, type Masks } from './masks';
import { parseDicom, type DicomFile } from './parse';
import { pixelLayoutOf, type PixelLayout } from './pixelLayout';
import { samplesOf } from './samples';
import { tags } from './tags';

/** A frame may lie beside the voxels of the image by this part of a voxel: positions are rounded. */
const besideVoxel = 0.1;

/** Labels of a segmentation's segments, in its order. @throws UserError when it is no segmentation. */
export async function readDicomSegmentNames(file: string): Promise<string[]> {
  const dicom = await parseDicom(file, await readFileBytes(file));
  return [...segmentsOf(dicom).values()];
}

/**
 * Masks of a DICOM segmentation (SEG: binary, fractional from half of the maximum on, or label map) in the voxels of an
 * image; frames find their slices by their positions, and segments may overlap.
 * @throws UserError, one line, when it is no segmentation, is damaged, or its voxels are not those of the image.
 */
export async function readDicomSegmentation(
  file: string,
  image: MedicalImage,
  { only }: MaskOptions = {},
): Promise<Masks> {
  const dicom = await parseDicom(file, await readFileBytes(file));
  const segments = segmentsOf(dicom);
  const layout = pixelLayoutOf(file, dicom.data);
  const frameAt = framesOf(dicom, layout);
  const isIn = thresholdOf(dicom.data, layout);
  const voxels = image.size[0] * image.size[1] * image.size[2];
  const classes = new Map<string, Uint8Array>();
  let inside = 0;
  for (let frame = 0; frame < layout.frames; frame++) {
    const place = placeFrame(file, dicom.data, layout, frame, image);
    if (place === null) continue;
    inside++;
    const pixels = samplesOf(await frameAt(frame), layout);
    const maskOf = (number: number): Uint8Array | null => {
      const name = segments.get(number);
      if (name === undefined) throw damaged(file, `it holds pixels of a segment ${number} that it does not describe`);
      if (only && !only(name)) return null;
      let mask = classes.get(name);
      if (!mask) classes.set(name, (mask = new Uint8Array(voxels)));
      return mask;
    };
    if (isIn === null) {
      pixels.forEach((number: number, pixel: number) => {
        if (number !== 0) setVoxel(maskOf(number), place, pixel, layout.columns, image);
      });
    } else {
      const mask = maskOf(segmentOf(file, dicom.data, frame));
      if (mask === null) continue;
      for (let pixel = 0; pixel < pixels.length; pixel++) {
        if (pixels[pixel] >= isIn) setVoxel(mask, place, pixel, layout.columns, image);
      }
    }
  }
  if (inside === 0) {
    throw new UserError(`${file} does not belong to ${image.path}: none of its frames lies in it`, { file });
  }
  return { classes };
}

/** Segment number → label. */
function segmentsOf({ path, data }: DicomFile): Map<number, string> {
  const items = data.items(tags.SegmentSequence);
  if (items.length === 0) throw new UserError(`${path} is no segmentation (SEG): name one`, { file: path });
  const names = new ClassNames();
  const segments = new Map<number, string>();
  for (const item of items) {
    const number = item.ushort(tags.SegmentNumber);
    if (number !== undefined) segments.set(number, names.distinct(item.text(tags.SegmentLabel), number));
  }
  return segments;
}

/** From which value on a pixel belongs to the frame's segment; null for a label map, whose values are segment numbers. */
function thresholdOf(data: DataSet, layout: PixelLayout): number | null {
  const type = data.text(tags.SegmentationType);
  if (type === 'LABELMAP') return null;
  if (type !== 'FRACTIONAL') return 1;
  return (data.ushort(tags.MaximumFractionalValue) ?? 2 ** layout.bitsStored - 1) / 2;
}

function segmentOf(file: string, data: DataSet, frame: number): number {
  const number = groupOf(data, frame, tags.SegmentIdentificationSequence).ushort(tags.ReferencedSegmentNumber);
  if (number === undefined) throw damaged(file, 'a frame does not say which segment it belongs to');
  return number;
}

/** Where a frame's pixels lie among the image's voxels: the first one, and the steps along a row and down a column. */
interface Placement {
  readonly first: Point;
  readonly across: Point;
  readonly down: Point;
}

/** Null for a frame outside of the image. */
function placeFrame(
  file: string,
  data: DataSet,
  layout: PixelLayout,
  frame: number,
  image: MedicalImage,
): Placement | null {
  const plane = planeOf(data, frame);
  if (plane.position === null || plane.axes === null || plane.spacing === null)
    return withoutPlace(file, data, layout, frame, image);
  const grid = gridOf(image);
  const first = grid.toIndex(plane.position);
  const step = (axis: 0 | 1): Point => stepOf(plane, axis, first, grid.toIndex);
  const [across, down] = [step(0), step(1)];
  const whole = [...first, ...across, ...down].every((value) => Math.abs(value - Math.round(value)) < besideVoxel);
  const corner = first.map(
    (value, axis) => value + across[axis] * (layout.columns - 1) + down[axis] * (layout.rows - 1),
  );
  const drift = corner.some((value) => Math.abs(value - Math.round(value)) > 2 * besideVoxel);
  const flat = [across, down].every((v) => Math.abs(Math.hypot(...v) - 1) < besideVoxel);
  if (!whole || drift || !flat) {
    throw new UserError(
      `${file} has other voxels than ${image.path}: resample it to the image (SimpleITK, 3D Slicer)`,
      {
        file,
      },
    );
  }
  const round = (v: Point): Point => [Math.round(v[0]), Math.round(v[1]), Math.round(v[2])];
  const normal = round(cross(across, down));
  const depth = normal.findIndex((value) => value !== 0);
  const at = Math.round(first[depth]);
  return at < 0 || at >= image.size[depth] ? null : { first: round(first), across: round(across), down: round(down) };
}

/** One pixel's step along a row (0) or a column (1), in voxels. */
function stepOf(plane: Plane, axis: 0 | 1, first: Point, toIndex: (place: Point) => Point): Point {
  const [position, cosines, mm] = [
    plane.position ?? [0, 0, 0],
    plane.axes?.[axis] ?? [0, 0, 0],
    plane.spacing?.[axis] ?? 1,
  ];
  const next = toIndex([position[0] + cosines[0] * mm, position[1] + cosines[1] * mm, position[2] + cosines[2] * mm]);
  return [next[0] - first[0], next[1] - first[1], next[2] - first[2]];
}

/** A segmentation of pictures that have no place in a patient: its frames refer to theirs, and its pixels are theirs. */
function withoutPlace(file: string, data: DataSet, layout: PixelLayout, frame: number, image: MedicalImage): Placement {
  const source = groupOf(data, frame, tags.DerivationImageSequence).item(tags.SourceImageSequence);
  const slice = (source?.decimal(tags.ReferencedFrameNumber) ?? 1) - 1;
  const [width, height, slices] = image.size;
  if (width === layout.columns && height === layout.rows && slice >= 0 && slice < slices) {
    return { first: [0, 0, slice], across: [1, 0, 0], down: [0, 1, 0] };
  }
  throw new UserError(`${file} does not say where its frames lie, and differs from ${image.path} in size`, { file });
}

function setVoxel(
  mask: Uint8Array | null,
  { first, across, down }: Placement,
  pixel: number,
  columns: number,
  { size: [width, height, slices] }: MedicalImage,
): void {
  if (mask === null) return;
  const column = pixel % columns;
  const row = (pixel - column) / columns;
  const x = first[0] + column * across[0] + row * down[0];
  const y = first[1] + column * across[1] + row * down[1];
  const z = first[2] + column * across[2] + row * down[2];
  if (x < 0 || y < 0 || z < 0 || x >= width || y >= height || z >= slices) return;
  mask[(z * height + y) * width + x] = 1;
}

const damaged = (file: string, why: string): UserError =>
  new UserError(`${file} is damaged: ${why}; get it again`, { file });
