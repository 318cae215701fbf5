import type { Mask } from '../../../src/kernel/imaging';

/** A mask drawn in text: `#` is foreground, rows are separated by spaces or line ends. */
export function drawn(picture: string): Mask {
  const rows = picture.trim().split(/\s+/);
  const width = rows[0].length;
  return { width, height: rows.length, data: Uint8Array.from(rows.join(''), (sign) => (sign === '#' ? 1 : 0)) };
}

/** Repeatable numbers in [0, 1). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48271) % 0x7fffffff) / 0x7fffffff;
}

/** Pixels that are foreground with the given probability, each on its own. */
export function noise(width: number, height: number, density: number, seed: number): Mask {
  const random = randomFrom(seed);
  return { width, height, data: Uint8Array.from({ length: width * height }, () => (random() < density ? 1 : 0)) };
}
