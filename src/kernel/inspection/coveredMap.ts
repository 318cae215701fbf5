import type { TensorData } from '../graph';
import { fitSize } from '../inference/postprocess';
import type { Geometry } from '../inference/preprocess';
import type { ValueMap } from './quantise';

/** Cells of a g×g map that lie over the image; the last ones may do so in part. */
export function coveredCells({ resized, side }: Geometry, grid: number): { columns: number; rows: number } {
  return { columns: (resized.width * grid) / side, rows: (resized.height * grid) / side };
}

/** One slice of [D, g, g], without what lies wholly in the padding right of and below the image. */
export function coveredMap({ shape, data }: TensorData, slice: number, geometry: Geometry): ValueMap {
  const [, , grid] = shape;
  const cells = coveredCells(geometry, grid);
  const [width, height] = [Math.ceil(cells.columns), Math.ceil(cells.rows)];
  const values = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const start = (slice * grid + y) * grid;
    values.set(data.subarray(start, start + width), y * width);
  }
  return { width, height, values };
}

/** Longest side of a picture that a page shows, pixels. */
const longestSide = 512;

/** The image's size where a page shows it: no larger than it needs. */
export const shownSize = ({ width, height }: { readonly width: number; readonly height: number }) =>
  Math.max(width, height) > longestSide ? fitSize(width, height, longestSide) : { width, height };
