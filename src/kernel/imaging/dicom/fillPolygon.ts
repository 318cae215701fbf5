/** Corners as x, y, x, y, … in pixels: 0 is the first pixel's centre. */
export type Polygon = readonly number[];

/**
 * Turns round every pixel of a slice (row-major, `width` wide) whose centre lies inside of a closed polygon, by the
 * even-odd rule: drawn one after the other, an inner contour makes a hole, and a keyhole's seam has no width.
 */
export function toggleInside(slice: Uint8Array, width: number, polygon: Polygon): void {
  const height = slice.length / width;
  const corners = polygon.length / 2;
  let [top, bottom] = [Infinity, -Infinity];
  for (let corner = 0; corner < corners; corner++) {
    top = Math.min(top, polygon[2 * corner + 1]);
    bottom = Math.max(bottom, polygon[2 * corner + 1]);
  }
  const crossings: number[] = [];
  for (let y = Math.max(0, Math.ceil(top)); y <= Math.min(height - 1, Math.floor(bottom)); y++) {
    crossings.length = 0;
    for (let corner = 0; corner < corners; corner++) {
      const next = (corner + 1) % corners;
      const [x0, y0] = [polygon[2 * corner], polygon[2 * corner + 1]];
      const [x1, y1] = [polygon[2 * next], polygon[2 * next + 1]];
      // Half open: a corner on the line counts for one of its two edges.
      if (y0 <= y !== y1 <= y) crossings.push(x0 + ((y - y0) / (y1 - y0)) * (x1 - x0));
    }
    crossings.sort((a, b) => a - b);
    for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
      const first = Math.max(0, Math.ceil(crossings[pair]));
      const last = Math.min(width, Math.ceil(crossings[pair + 1]));
      for (let x = first; x < last; x++) slice[y * width + x] ^= 1;
    }
  }
}
