/** A closed outline, interleaved x, y in pixels; pixel (i, j) is the square [i, i+1) × [j, j+1). */
export type Contour = Float64Array;

/** The pixels inside some contours, cut to the picture: a bounding box and one byte (0 or 1) per pixel of it. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly inside: Uint8Array;
}

/**
 * Pixels whose centre lies inside the contours, even-odd: a contour inside another is a hole.
 * Each edge flips the pixels to its right, row by row; a running exclusive-or then fills the row.
 */
export function rasterize(contours: readonly Contour[], width: number, height: number): Region {
  let left = Infinity;
  let top = Infinity;
  let right = -Infinity;
  let bottom = -Infinity;
  for (const contour of contours) {
    for (let i = 0; i < contour.length; i += 2) {
      left = Math.min(left, contour[i]);
      right = Math.max(right, contour[i]);
      top = Math.min(top, contour[i + 1]);
      bottom = Math.max(bottom, contour[i + 1]);
    }
  }
  const x = Math.max(0, Math.floor(left));
  const y = Math.max(0, Math.floor(top));
  const w = Math.max(0, Math.min(width, Math.ceil(right)) - x);
  const h = Math.max(0, Math.min(height, Math.ceil(bottom)) - y);
  const inside = new Uint8Array(w * h);
  if (inside.length === 0) return { x, y, width: 0, height: 0, inside: new Uint8Array(0) };
  for (const contour of contours) flipEdges(contour, x, y, w, h, inside);
  for (let row = 0; row < h; row++) {
    let parity = 0;
    for (let i = row * w, end = i + w; i < end; i++) {
      parity ^= inside[i];
      inside[i] = parity;
    }
  }
  return { x, y, width: w, height: h, inside };
}

function flipEdges(contour: Contour, x: number, y: number, w: number, h: number, inside: Uint8Array): void {
  const n = contour.length;
  for (let i = 0; i < n; i += 2) {
    const next = i + 2 === n ? 0 : i + 2;
    let xa = contour[i];
    let ya = contour[i + 1];
    let xb = contour[next];
    let yb = contour[next + 1];
    if (ya > yb) [xa, ya, xb, yb] = [xb, yb, xa, ya];
    const from = Math.max(0, Math.ceil(ya - 0.5) - y);
    const to = Math.min(h, Math.ceil(yb - 0.5) - y);
    if (from >= to) continue;
    const slope = (xb - xa) / (yb - ya);
    for (let row = from; row < to; row++) {
      const column = Math.ceil(xa + (y + row + 0.5 - ya) * slope - 0.5) - x;
      if (column < w) inside[row * w + Math.max(0, column)] ^= 1;
    }
  }
}

/** The pixels of `region` that are not in `other`. */
export function subtract(region: Region, other: Region): Region {
  const inside = region.inside.slice();
  const x0 = Math.max(region.x, other.x);
  const x1 = Math.min(region.x + region.width, other.x + other.width);
  const y0 = Math.max(region.y, other.y);
  const y1 = Math.min(region.y + region.height, other.y + other.height);
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; x++) {
      if (other.inside[(y - other.y) * other.width + x - other.x]) {
        inside[(y - region.y) * region.width + x - region.x] = 0;
      }
    }
  }
  return { ...region, inside };
}
