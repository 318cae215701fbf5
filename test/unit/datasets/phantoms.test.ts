import { describe, expect, it } from 'vitest';
import {
  drawPhantom,
  drawVolume,
  familyNames,
  leastVisiblePixels,
  pretrainingFamilies,
  volumeFamilies,
  type Phantom,
} from '../../../src/kernel/datasets/phantoms';
import { Random } from '../../../src/kernel/datasets/random';
import type { Mask } from '../../../src/kernel/imaging';

const pixels = (mask: Mask) => mask.data.reduce((sum, value) => sum + value, 0);

describe.each(familyNames)('drawPhantom, family %s', (family) => {
  const random = new Random(17);
  const phantoms = Array.from({ length: 12 }, () => drawPhantom(random, { width: 128, height: 128, family }));

  it('draws objects that do not overlap and of which enough is visible', () => {
    for (const { objects } of phantoms) {
      const covered = new Uint8Array(128 * 128);
      for (const mask of objects) {
        expect([mask.width, mask.height]).toEqual([128, 128]);
        expect(pixels(mask)).toBeGreaterThanOrEqual(leastVisiblePixels);
        mask.data.forEach((value, i) => (covered[i] += value));
      }
      expect(Math.max(...covered)).toBeLessThanOrEqual(1);
    }
    expect(phantoms.filter(({ objects }) => objects.length > 0).length).toBeGreaterThanOrEqual(10);
  });

  it('names a target that is one of the objects', () => {
    for (const { target, objects } of phantoms) if (target) expect(objects).toContain(target);
    expect(phantoms.filter(({ target }) => target !== null).length).toBeGreaterThanOrEqual(8);
  });

  it('makes the target stand out from what is beside it, in tone or in texture', () => {
    const seen = phantoms.filter((phantom) => phantom.target && contrast(phantom) > 4).length;
    const all = phantoms.filter((phantom) => phantom.target).length;
    expect(seen).toBeGreaterThanOrEqual(0.75 * all);
  });

  it('draws pictures of any shape', () => {
    const { image, objects } = drawPhantom(random, { width: 90, height: 61, family });
    expect([image.width, image.height, image.rgb.length]).toEqual([90, 61, 90 * 61 * 3]);
    for (const mask of objects) expect(mask.data.length).toBe(90 * 61);
  });

  it('repeats itself under the same state', () => {
    const [a, b] = [new Random(5), new Random(5)].map((r) => drawPhantom(r, { width: 64, height: 64, family }));
    expect(a).toEqual(b);
  });
});

/** Difference, in grey values, between a target and the ring of pixels around its bounding area: mean or spread. */
function contrast({ image, target }: Phantom): number {
  if (!target) return 0;
  const { width, height, data } = target;
  const inside: number[][] = [[], [], []];
  const beside: number[][] = [[], [], []];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const near = data[i] === 1 || touches(data, width, height, x, y, 4);
      if (near) for (let c = 0; c < 3; c++) (data[i] === 1 ? inside : beside)[c].push(image.rgb[3 * i + c]);
    }
  }
  const moments = (values: number[]) => {
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    return [mean, Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length)];
  };
  return Math.max(
    ...[0, 1, 2].flatMap((c) => {
      const [a, b] = [moments(inside[c]), moments(beside[c])];
      return [Math.abs(a[0] - b[0]), Math.abs(a[1] - b[1])];
    }),
  );
}

function touches(data: Uint8Array, width: number, height: number, x: number, y: number, reach: number): boolean {
  return [
    [reach, 0],
    [-reach, 0],
    [0, reach],
    [0, -reach],
  ].some(([dx, dy]) => {
    const [u, v] = [x + dx, y + dy];
    return u >= 0 && v >= 0 && u < width && v < height && data[v * width + u] === 1;
  });
}

describe('drawPhantom', () => {
  it('holds the vertebrae out of pre-training', () => {
    expect(familyNames).toContain('vertebrae');
    expect(pretrainingFamilies).not.toContain('vertebrae');
    const random = new Random(1);
    const drawn = new Set(Array.from({ length: 150 }, () => drawPhantom(random, { width: 32, height: 32 }).family));
    expect([...drawn].sort()).toEqual([...pretrainingFamilies].sort());
  });

  it('goes on from a saved state as if it had not stopped', () => {
    const random = new Random(3);
    drawPhantom(random, { width: 64, height: 64 });
    const state = random.state();
    const next = drawPhantom(random, { width: 64, height: 64 });
    expect(drawPhantom(Random.fromState(state), { width: 64, height: 64 })).toEqual(next);
    expect(drawPhantom(random, { width: 64, height: 64 })).not.toEqual(next);
  });

  it('gives pictures of one subject the same look in another pose', () => {
    const tones = (subject: number, seed: number) => {
      const phantom = drawPhantom(new Random(seed), { width: 96, height: 96, family: 'dermoscopy', subject });
      return phantom.image.rgb.reduce((sum, value) => sum + value, 0) / phantom.image.rgb.length;
    };
    const spread = (values: number[]) => Math.max(...values) - Math.min(...values);
    const same = spread([1, 2, 3, 4, 5].map((seed) => tones(8, seed)));
    const others = spread([1, 2, 3, 4, 5].map((seed) => tones(seed, seed)));
    expect(same).toBeLessThan(others);
    expect(same).toBeGreaterThan(0);
  });
});

describe.each(volumeFamilies)('drawVolume, family %s', (family) => {
  const { image, mask } = drawVolume(new Random(2), { width: 64, height: 64, slices: 8, family });

  it('gives image and mask one geometry', () => {
    expect(image.size).toEqual([64, 64, 8]);
    expect({ ...image, voxels: null }).toEqual({ ...mask, voxels: null });
    expect(image.spacing?.every((mm) => mm > 0.5 && mm < 10)).toBe(true);
    expect(new Set(mask.voxels)).toEqual(new Set([0, 1]));
  });

  it('changes the target smoothly from slice to slice', () => {
    const slice = (k: number) => mask.voxels.subarray(k * 4096, (k + 1) * 4096);
    for (let k = 1; k < 8; k++) {
      const [a, b] = [slice(k - 1), slice(k)];
      let both = 0;
      let either = 0;
      for (let i = 0; i < 4096; i++) {
        both += a[i] & b[i];
        either += a[i] | b[i];
      }
      expect(both / either).toBeGreaterThan(0.6);
      expect(both / either).toBeLessThan(1);
    }
  });
});
