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
  const segments = borders(mask);
  for (let at = 0; at < segments.length; at += 4) {
    path.moveTo(segments[at], segments[at + 1]);
    path.lineTo(segments[at + 2], segments[at + 3]);
  }
  return path;
}

/** Four numbers a segment: x0, y0, x1, y1. */
export function borders({ x, y, width, height, data }: MaskPixels): number[] {
  const segments: number[] = [];
  for (let row = 0; row <= height; row++) {
    const [above, below] = [row > 0 ? (row - 1) * width : -1, row < height ? row * width : -1];
    let from = -1;
    for (let column = 0; column <= width; column++) {
      const upper = above >= 0 && column < width ? data[above + column] : 0;
      const lower = below >= 0 && column < width ? data[below + column] : 0;
      if (upper !== lower) {
        if (from < 0) from = column;
      } else if (from >= 0) {
        segments.push(x + from, y + row, x + column, y + row);
        from = -1;
      }
    }
  }
  for (let column = 0; column <= width; column++) {
    let from = -1;
    for (let row = 0; row <= height; row++) {
      const left = row < height && column > 0 ? data[row * width + column - 1] : 0;
      const right = row < height && column < width ? data[row * width + column] : 0;
      if (left !== right) {
        if (from < 0) from = row;
      } else if (from >= 0) {
        segments.push(x + column, y + from, x + column, y + row);
        from = -1;
      }
    }
  }
  return segments;
}
