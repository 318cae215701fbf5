/** A mask inside its box, row-major, 1 inside of the object. */
export interface MaskPixels {
  x: number;
  y: number;
  width: number;
  height: number;
  data: Uint8Array;
}

/**
 * The border between inside and outside as straight segments along pixel borders, in image pixels.
 * Segments in one line are joined, so that a large smooth object stays cheap to draw.
 */
export function outline(mask: MaskPixels): Path2D {
  const path = new Path2D();
  for (const [x0, y0, x1, y1] of borders(mask)) {
    path.moveTo(x0, y0);
    path.lineTo(x1, y1);
  }
  return path;
}

type Segment = [x0: number, y0: number, x1: number, y1: number];

export function* borders({ x, y, width, height, data }: MaskPixels): Generator<Segment> {
  const inside = (column: number, row: number): number =>
    column < 0 || row < 0 || column >= width || row >= height ? 0 : data[row * width + column];

  for (let row = 0; row <= height; row++) {
    const changes = (column: number) => inside(column, row - 1) !== inside(column, row);
    for (const [from, to] of stretches(width, changes)) yield [x + from, y + row, x + to, y + row];
  }
  for (let column = 0; column <= width; column++) {
    const changes = (row: number) => inside(column - 1, row) !== inside(column, row);
    for (const [from, to] of stretches(height, changes)) yield [x + column, y + from, x + column, y + to];
  }
}

/** Longest stretches [from, to) of 0..length in which the condition holds. */
function* stretches(length: number, holds: (index: number) => boolean): Generator<[number, number]> {
  let from = -1;
  for (let index = 0; index <= length; index++) {
    const now = index < length && holds(index);
    if (now && from < 0) from = index;
    if (!now && from >= 0) {
      yield [from, index];
      from = -1;
    }
  }
}
