// What a hand does to the pixels of a mask.
import { connectedComponents, type Mask } from '../imaging';

export interface Stroke {
  readonly erase: boolean;
  /** Continuous positions: pixel (0, 0) has its centre at (0.5, 0.5). */
  readonly points: readonly (readonly [number, number])[];
  /** Pixels. */
  readonly radius: number;
}

/** What happened to a mask, in the order in which it did. */
export type MaskOperation =
  { readonly op: 'stroke'; readonly stroke: Stroke } | { readonly op: 'fill' } | { readonly op: 'largest' };

/** The mask after the operations; the mask itself stays as it is. */
export function edited(mask: Mask, operations: readonly MaskOperation[]): Mask {
  const copy = { ...mask, data: Uint8Array.from(mask.data) };
  return operations.reduce<Mask>((before, operation) => {
    if (operation.op === 'fill') return filled(before);
    if (operation.op === 'largest') return largest(before);
    draw(before, operation.stroke);
    return before;
  }, copy);
}

/** Sets or clears every pixel whose centre lies within the radius of the line; a click is a line of one point. */
function draw({ width, height, data }: Mask, { erase, points, radius }: Stroke): void {
  // The smallest brush still draws: the pixel under it.
  const reach = Math.max(radius, 0.5);
  points.forEach(([x1, y1], index) => {
    const [x0, y0] = points[Math.max(0, index - 1)];
    const [dx, dy] = [x1 - x0, y1 - y0];
    const squared = dx * dx + dy * dy;
    const top = Math.max(0, Math.floor(Math.min(y0, y1) - reach));
    const bottom = Math.min(height - 1, Math.ceil(Math.max(y0, y1) + reach));
    const left = Math.max(0, Math.floor(Math.min(x0, x1) - reach));
    const right = Math.min(width - 1, Math.ceil(Math.max(x0, x1) + reach));
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const [px, py] = [x + 0.5 - x0, y + 0.5 - y0];
        const along = squared === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / squared));
        if ((px - along * dx) ** 2 + (py - along * dy) ** 2 <= reach * reach) data[y * width + x] = erase ? 0 : 1;
      }
    }
  });
}

/** Background that cannot reach the picture's edge (by sides, not corners) becomes foreground. */
function filled({ width, height, data }: Mask): Mask {
  const after = new Uint8Array(data.length).fill(1);
  const pending: number[] = [];
  const visit = (pixel: number): void => {
    if (data[pixel] !== 0 || after[pixel] === 0) return;
    after[pixel] = 0;
    pending.push(pixel);
  };
  for (let x = 0; x < width; x++) [x, (height - 1) * width + x].forEach(visit);
  for (let y = 0; y < height; y++) [y * width, y * width + width - 1].forEach(visit);
  for (let pixel = pending.pop(); pixel !== undefined; pixel = pending.pop()) {
    const x = pixel % width;
    if (x > 0) visit(pixel - 1);
    if (x < width - 1) visit(pixel + 1);
    if (pixel >= width) visit(pixel - width);
    if (pixel < width * (height - 1)) visit(pixel + width);
  }
  return { width, height, data: after };
}

function largest(mask: Mask): Mask {
  const { labels, sizes } = connectedComponents(mask);
  if (sizes.length < 2) return mask;
  const kept = sizes.indexOf(Math.max(...sizes)) + 1;
  return { ...mask, data: Uint8Array.from(labels, (label) => (label === kept ? 1 : 0)) };
}

/** The smallest box [x0, y0, x1, y1) outside of which two masks of one size are equal; null where they are. */
export function changedBox(before: Mask, after: Mask): [number, number, number, number] | null {
  const { width, height } = after;
  let [x0, y0, x1, y1] = [width, height, 0, 0];
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (before.data[at] === after.data[at]) continue;
      if (x < x0) x0 = x;
      if (x >= x1) x1 = x + 1;
      if (y < y0) y0 = y;
      y1 = y + 1;
    }
  }
  return x0 < x1 ? [x0, y0, x1, y1] : null;
}
