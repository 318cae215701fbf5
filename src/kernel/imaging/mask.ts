import type { Mask } from './types';

/** Smallest box around the foreground as [x0, y0, x1, y1), x1 and y1 outside; null for an empty mask. */
export function boundingBox({ width, height, data }: Mask): [number, number, number, number] | null {
  let [x0, y0, x1, y1] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    const row = data.subarray(y * width, (y + 1) * width);
    const first = row.indexOf(1);
    if (first < 0) continue;
    if (y0 === height) y0 = y;
    y1 = y;
    x0 = Math.min(x0, first);
    x1 = Math.max(x1, row.lastIndexOf(1));
  }
  return y1 < 0 ? null : [x0, y0, x1 + 1, y1 + 1];
}

/** The part of a mask inside of a box [x0, y0, x1, y1), x1 and y1 outside. */
export function cropMask(mask: Mask, [x0, y0, x1, y1]: readonly [number, number, number, number]): Mask {
  const width = x1 - x0;
  const data = new Uint8Array(width * (y1 - y0));
  for (let y = y0; y < y1; y++) {
    data.set(mask.data.subarray(y * mask.width + x0, y * mask.width + x1), (y - y0) * width);
  }
  return { width, height: y1 - y0, data };
}

/** Nearest neighbour: an output pixel takes the input pixel in which its centre lies. */
export function resizeMask(mask: Mask, width: number, height: number): Mask {
  const data = new Uint8Array(width * height);
  const columns = nearest(mask.width, width);
  const rows = nearest(mask.height, height);
  for (let y = 0, at = 0; y < height; y++) {
    const row = rows[y] * mask.width;
    for (let x = 0; x < width; x++) data[at++] = mask.data[row + columns[x]];
  }
  return { width, height, data };
}

const nearest = (from: number, to: number): Int32Array =>
  Int32Array.from({ length: to }, (_, index) => Math.min(from - 1, Math.floor(((index + 0.5) * from) / to)));
