import { describe, expect, it } from 'vitest';
import {
  boundingBox,
  connectedComponents,
  decodeMaskPatch,
  distanceTransform,
  encodeMaskPatch,
  resizeMask,
  type Mask,
} from '../../../src/kernel/imaging';
import { drawn, noise } from './masks';

describe('boundingBox', () => {
  it('ends outside of the mask; null when there is none', () => {
    expect(boundingBox(drawn('..... ..#.. .##.. .....'))).toEqual([1, 1, 3, 3]);
    expect(boundingBox(drawn('#.. ... ..#'))).toEqual([0, 0, 3, 3]);
    expect(boundingBox(drawn('... ...'))).toBeNull();
  });
});

describe('resizeMask', () => {
  it('takes the pixel under each centre', () => {
    const mask = drawn('#. .#');
    expect(resizeMask(mask, 4, 4)).toEqual(drawn('##.. ##.. ..## ..##'));
    expect(resizeMask(resizeMask(mask, 6, 10), 2, 2)).toEqual(mask);
    expect(resizeMask(drawn('#..'), 2, 1)).toEqual(drawn('#.'));
  });
});

describe('connectedComponents', () => {
  it('joins at corners, counts in scan order', () => {
    const { labels, sizes } = connectedComponents(drawn('#..## .#... ....#'));
    expect([...labels]).toEqual([1, 0, 0, 2, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3]);
    expect(sizes).toEqual([2, 2, 1]);
  });

  it('does not join over the edge of the image', () => {
    expect(connectedComponents(drawn('..# #..')).sizes).toEqual([1, 1]);
  });

  it('an empty and a large full mask', () => {
    expect(connectedComponents(drawn('...')).sizes).toEqual([]);
    expect(connectedComponents({ width: 1000, height: 800, data: new Uint8Array(800000).fill(1) }).sizes).toEqual([
      800000,
    ]);
  });
});

describe('distanceTransform', () => {
  /** The definition, with the ring of pixels around the image as background. */
  function bruteForce({ width, height, data }: Mask): Float32Array {
    const at = (x: number, y: number): number =>
      x < 0 || y < 0 || x >= width || y >= height ? 0 : data[y * width + x];
    return Float32Array.from({ length: width * height }, (_, pixel) => {
      const [x, y] = [pixel % width, Math.floor(pixel / width)];
      let least = at(x, y) === 0 ? 0 : Infinity;
      for (let ny = -1; ny <= height; ny++) {
        for (let nx = -1; nx <= width; nx++)
          if (at(nx, ny) === 0) least = Math.min(least, (nx - x) ** 2 + (ny - y) ** 2);
      }
      return Math.sqrt(least);
    });
  }

  it.each([
    ['dense', noise(23, 17, 0.97, 1)],
    ['sparse', noise(19, 24, 0.5, 2)],
    ['full', noise(15, 9, 2, 3)],
    ['empty', noise(4, 4, 0, 4)],
    ['one row', noise(40, 1, 0.9, 5)],
    ['one column', noise(1, 40, 0.9, 6)],
  ])('is exact: %s', (_, mask) => {
    expect(distanceTransform(mask)).toEqual(bruteForce(mask));
  });
});

describe('mask patches', () => {
  it('code the box, beginning with zeros', () => {
    // Box rows: .## / ##. → 1 zero, 4 ones, 1 zero.
    const patch = encodeMaskPatch(drawn('..... ..##. .##.. .....'));
    expect(patch).toEqual({ x: 1, y: 1, width: 3, height: 2, runs: Buffer.from([1, 4, 1]).toString('base64') });
    // A box that begins with a one: a run of no zeros first.
    expect(encodeMaskPatch(drawn('##'))?.runs).toBe(Buffer.from([0, 2]).toString('base64'));
    expect(encodeMaskPatch(drawn('.. ..'))).toBeNull();
  });

  it('code long runs in several bytes, least significant first', () => {
    const mask: Mask = { width: 300, height: 1, data: new Uint8Array(300).fill(1) };
    expect(encodeMaskPatch(mask)?.runs).toBe(Buffer.from([0, 0xac, 0x02]).toString('base64'));
  });

  it.each([1, 2, 3, 4])('give back the mask (%i)', (seed) => {
    const mask = noise(37, 29, seed / 5, seed);
    expect(decodeMaskPatch(encodeMaskPatch(mask)!, 37, 29)).toEqual(mask);
  });

  it('are small: a disc of 200 pixels takes less than a kilobyte', () => {
    const side = 512;
    const inside = (pixel: number): boolean =>
      ((pixel % side) - 256) ** 2 + (Math.floor(pixel / side) - 256) ** 2 < 100 ** 2;
    const data = Uint8Array.from({ length: side * side }, (_, pixel) => Number(inside(pixel)));
    expect(encodeMaskPatch({ width: side, height: side, data })!.runs.length).toBeLessThan(1024);
  });

  it('that do not fit or do not add up are refused', () => {
    const patch = (runs: number[], x = 0): Parameters<typeof decodeMaskPatch>[0] => ({
      ...{ x, y: 0, width: 2, height: 2 },
      runs: Buffer.from(runs).toString('base64'),
    });
    expect(decodeMaskPatch(patch([1, 3]), 2, 2)).toEqual(drawn('.# ##'));
    expect(() => decodeMaskPatch(patch([1, 3], 1), 2, 2)).toThrow(/does not fit/);
    expect(() => decodeMaskPatch(patch([1, 3], -1), 2, 2)).toThrow(/does not fit/);
    for (const runs of [[1, 2], [1, 4], [], [1, 0x80], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]]) {
      expect(() => decodeMaskPatch(patch(runs), 2, 2)).toThrow(/do not add up/);
    }
  });
});
