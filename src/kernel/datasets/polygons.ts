import type { Polygons } from './types';

/**
 * Pixels whose centres lie inside of the outlines, each filled by the even-odd rule, all joined. Outlines close
 * themselves; what lies beyond the picture is cut off. Coordinates are pixel indices: (3, 2) is the centre of column 3.
 */
export function fillOutlines(outlines: Polygons['outlines'], width: number, height: number): Uint8Array {
  const mask = new Uint8Array(width * height);
  for (const outline of outlines) {
    for (let y = 0; y < height; y++) {
      const crossings = crossingsAt(outline, y);
      for (let i = 0; i + 1 < crossings.length; i += 2) {
        const first = Math.max(0, Math.ceil(crossings[i]));
        const last = Math.min(width - 1, Math.floor(crossings[i + 1]));
        if (first <= last) mask.fill(1, y * width + first, y * width + last + 1);
      }
    }
  }
  return mask;
}

/** Where the outline crosses row `y`, ascending. An edge holds its upper end, not its lower one. */
function crossingsAt(outline: Polygons['outlines'][number], y: number): number[] {
  const crossings: number[] = [];
  for (let i = 0; i < outline.length; i++) {
    const [x0, y0] = outline[i];
    const [x1, y1] = outline[(i + 1) % outline.length];
    const crosses = y0 <= y !== y1 <= y;
    if (!crosses) continue;
    crossings.push(x0 + ((y - y0) / (y1 - y0)) * (x1 - x0));
  }
  return crossings.sort((a, b) => a - b);
}
