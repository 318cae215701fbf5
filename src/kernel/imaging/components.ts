import type { Mask } from './types';

export interface Components {
  /** Row-major; 0 is background, components count from 1 in the order in which a row-by-row scan meets them. */
  readonly labels: Int32Array;
  /** Pixels of each component: `sizes[label - 1]`. */
  readonly sizes: number[];
}

/** 8-connected components of a mask: pixels that touch at a corner belong together. */
export function connectedComponents({ width, height, data }: Mask): Components {
  const labels = new Int32Array(width * height);
  const sizes: number[] = [];
  const pending: number[] = [];
  for (let seed = 0; seed < data.length; seed++) {
    if (data[seed] === 0 || labels[seed] !== 0) continue;
    const label = sizes.length + 1;
    let size = 0;
    labels[seed] = label;
    pending.push(seed);
    for (let pixel = pending.pop(); pixel !== undefined; pixel = pending.pop()) {
      size++;
      const x = pixel % width;
      const y = (pixel - x) / width;
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          const neighbour = ny * width + nx;
          if (data[neighbour] === 0 || labels[neighbour] !== 0) continue;
          labels[neighbour] = label;
          pending.push(neighbour);
        }
      }
    }
    sizes.push(size);
  }
  return { labels, sizes };
}
