import { describe, expect, it } from 'vitest';
import type { LoadedCase } from '../../../src/kernel/datasets';
import { pictureCase, resizeTarget, slicedCase } from '../../../src/kernel/inference/slicedCase';

const [width, height, slices] = [12, 8, 3];

/** Slice k is k·100 everywhere; the class is a block of slice 1 and one voxel of slice 2. */
function loaded(): LoadedCase {
  const voxels = Int16Array.from({ length: width * height * slices }, (_, i) => 100 * Math.floor(i / 96));
  const organ = new Uint8Array(voxels.length);
  for (let y = 2; y < 6; y++) organ.fill(1, 96 + y * width + 3, 96 + y * width + 9);
  organ[2 * 96 + 5 * width + 7] = 1;
  const image = {
    path: 'volume.nii',
    size: [width, height, slices] as const,
    channels: 1,
    voxels,
    spacing: [1, 1, 1] as const,
    origin: [0, 0, 0] as const,
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  };
  const masks = new Map([
    ['organ', organ],
    ['absent', new Uint8Array(voxels.length)],
  ]);
  return { image, windows: [{ low: 0, high: 250 }], masks };
}

describe('a volume, slice by slice', () => {
  it('shows every slice through one window', () => {
    const item = slicedCase('a', loaded());
    expect(item).toMatchObject({ id: 'a', width, height, slices });
    expect([0, 1, 2].map((slice) => new Set(item.picture(slice).rgb))).toEqual([
      new Set([0]),
      new Set([102]),
      new Set([204]),
    ]);
    expect(item.picture(0).rgb).toHaveLength(3 * width * height);
  });

  it('gives back its masks, and tells where a class can be seen', () => {
    const item = slicedCase('a', loaded());
    const organ = loaded().masks.get('organ')!;
    expect(item.classes).toEqual(['organ']);
    expect(item.visible('organ')).toEqual([1, 2]);
    expect(item.visible('absent')).toEqual([]);
    for (const slice of [0, 1, 2]) {
      expect(item.mask('organ', slice).data).toEqual(organ.subarray(slice * 96, (slice + 1) * 96));
    }
    expect(item.mask('absent', 1)).toEqual({ width, height, data: new Uint8Array(96) });
  });

  it('is kept small, and a target of one pixel survives', () => {
    const item = slicedCase('a', loaded(), { longestSide: 4 });
    expect(item).toMatchObject({ width: 4, height: 3, slices: 3 });
    expect(item.mask('organ', 2).data.reduce((sum, value) => sum + value, 0)).toBe(1);
  });

  it('may keep its pixels elsewhere, one byte each', () => {
    const written: Uint8Array[] = [];
    const keep = (pixels: Uint8Array) => {
      written.push(pixels.slice());
      return (from: number, to: number) => written[0].slice(from, to);
    };
    const item = slicedCase('a', loaded(), { keep });
    expect(written.map(({ length }) => length)).toEqual([width * height * slices]);
    expect(item.picture(2)).toEqual(slicedCase('a', loaded()).picture(2));
  });
});

it('a target is resized to the nearest pixel; one too small to be met keeps every pixel that it touches', () => {
  const data = new Uint8Array(64);
  data[9] = 1;
  expect(resizeTarget({ width: 8, height: 8, data }, 2, 2).data).toEqual(Uint8Array.from([1, 0, 0, 0]));
  const mask = { width: 8, height: 8, data };
  expect(resizeTarget(mask, 8, 8)).toBe(mask);
});

it('a picture is a volume of one slice', () => {
  const image = { width: 2, height: 1, rgb: new Uint8Array(6).fill(7) };
  const item = pictureCase('p', image, 'target', { width: 2, height: 1, data: Uint8Array.from([0, 1]) });
  expect(item.visible('target')).toEqual([0]);
  expect(item.picture(0)).toEqual(image);
  expect([...item.mask('other', 0).data]).toEqual([0, 0]);
});
