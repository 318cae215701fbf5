import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/kernel/datasets/random';
import type { Mask } from '../../../src/kernel/imaging';
import {
  chunksPerEpoch,
  cropImage,
  drawChunk,
  drawCrop,
  positiveShare,
} from '../../../src/kernel/training/volumeChunks';

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe('a chunk', () => {
  const visible = range(20, 26);

  it('is neighbouring slices inside of the volume', () => {
    const random = new Random(1);
    for (let i = 0; i < 300; i++) {
      const { slices } = drawChunk(visible, 60, 8, random);
      expect(slices).toEqual(range(slices[0], slices[0] + 8));
      expect(slices[0]).toBeGreaterThanOrEqual(0);
      expect(slices[7]).toBeLessThan(60);
    }
  });

  it('shows its class as often as it should, and lies anywhere else', () => {
    const random = new Random(2);
    const draws = Array.from({ length: 2000 }, () => drawChunk(visible, 60, 8, random));
    const positive = draws.filter((draw) => draw.positive);
    expect(positive.length / draws.length).toBeGreaterThan(positiveShare - 0.03);
    expect(positive.length / draws.length).toBeLessThan(positiveShare + 0.03);
    expect(positive.every(({ slices }) => slices.some((slice) => visible.includes(slice)))).toBe(true);
    const firsts = new Set(draws.filter((draw) => !draw.positive).map(({ slices }) => slices[0]));
    expect([...firsts].sort((a, b) => a - b)).toEqual(range(0, 53));
  });

  it('shows every slice of the class, those at the end of a volume too', () => {
    const random = new Random(3);
    const seen = new Set<number>();
    for (let i = 0; i < 400; i++) for (const slice of drawChunk(range(0, 12), 12, 5, random).slices) seen.add(slice);
    expect(seen.size).toBe(12);
  });

  it('of a volume with fewer slices repeats the last one', () => {
    expect(drawChunk([1], 3, 5, new Random(1)).slices).toEqual([0, 1, 2, 2, 2]);
  });

  it('is drawn as often as covers the class once', () => {
    expect(chunksPerEpoch(range(0, 17), 8)).toBe(3);
    expect(chunksPerEpoch([4], 8)).toBe(1);
  });
});

describe('a nearer look', () => {
  const [width, height] = [120, 100];
  const masksWith = (x0: number, y0: number, x1: number, y1: number): Mask[] => {
    const inside = (i: number): boolean => {
      const [x, y] = [i % width, Math.floor(i / width)];
      return x >= x0 && x < x1 && y >= y0 && y < y1;
    };
    const data = Uint8Array.from({ length: width * height }, (_, i) => Number(inside(i)));
    return [
      { width, height, data: new Uint8Array(width * height) },
      { width, height, data },
    ];
  };
  const crops = (masks: Mask[], side: number, positive = true) => {
    const random = new Random(4);
    return Array.from({ length: 200 }, () => drawCrop(masks, side, positive, random));
  };

  it('holds the whole small target, inside of the slice, never below the side of the model', () => {
    const drawn = crops(masksWith(100, 3, 118, 20), 64);
    const some = drawn.filter((crop) => crop !== null);
    expect(some.length).toBeGreaterThan(70);
    expect(some.length).toBeLessThan(130);
    for (const [x0, y0, x1, y1] of some) {
      expect(x0 >= 0 && y0 >= 0 && x1 <= width && y1 <= height).toBe(true);
      expect(x0 <= 100 && y0 <= 3 && x1 >= 118 && y1 >= 20).toBe(true);
      expect(x1 - x0).toBeGreaterThanOrEqual(64);
    }
    expect(new Set(some.map(String)).size).toBeGreaterThan(some.length / 2);
  });

  it('may miss the target where the chunk may', () => {
    const missed = crops(masksWith(100, 3, 118, 20), 60, false).filter((crop) => crop !== null && crop[2] < 100);
    expect(missed.length).toBeGreaterThan(0);
  });

  it('is not taken where the target is large, absent, or the slice no larger than the model', () => {
    for (const [masks, side] of [
      [masksWith(10, 10, 60, 60), 64],
      [masksWith(0, 0, 0, 0), 64],
      [masksWith(100, 3, 118, 20), 120],
    ] as const) {
      expect(crops(masks, side).every((crop) => crop === null)).toBe(true);
    }
  });

  it('cuts a picture at its edges', () => {
    const rgb = Uint8Array.from({ length: 3 * 6 }, (_, i) => i);
    expect(cropImage({ width: 3, height: 2, rgb }, [1, 0, 3, 2])).toEqual({
      width: 2,
      height: 2,
      rgb: Uint8Array.from([3, 4, 5, 6, 7, 8, 12, 13, 14, 15, 16, 17]),
    });
  });
});
