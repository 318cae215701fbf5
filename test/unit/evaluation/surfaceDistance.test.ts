// Against SciPy (test/fixtures/surfaceDistance), by hand, and against every pair of surface voxels.
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/kernel/datasets';
import { dice, hd95, iou, surfaceDistances, type Region, type Spacing } from '../../../src/kernel/evaluation';
import { percentile } from '../../../src/kernel/evaluation/percentile';
import { projectRoot } from '../../support/projectRoot';

interface ReferenceCase {
  readonly name: string;
  readonly size: [number, number, number];
  readonly spacing: Spacing | null;
  readonly a: string;
  readonly b: string;
  readonly count: number;
  readonly percentiles: number[];
  readonly hd95: number;
  readonly dice: number;
  readonly iou: number;
}

const file = path.join(projectRoot, 'test', 'fixtures', 'surfaceDistance', 'reference.json');
const { cases } = JSON.parse(fs.readFileSync(file, 'utf8')) as { cases: ReferenceCase[] };

function unpack(packed: string, size: Region['size']): Region {
  const bits = zlib.inflateSync(Buffer.from(packed, 'base64'));
  const data = Uint8Array.from({ length: size[0] * size[1] * size[2] }, (_, i) => (bits[i >> 3] >> (i & 7)) & 1);
  return { size, data };
}

const region = (...rows: string[]): Region => ({
  size: [rows[0].length, rows.length, 1],
  data: Uint8Array.from(rows.join(''), Number),
});

describe.each(cases)('surface distances of $name', ({ size, spacing, ...reference }) => {
  const [a, b] = [unpack(reference.a, size), unpack(reference.b, size)];

  it('are those of SciPy', () => {
    const distances = surfaceDistances(a, b, spacing)!.sort();
    expect(distances).toHaveLength(reference.count);
    reference.percentiles.forEach((value, index) => expect(percentile(distances, index / 20)).toBeCloseTo(value, 7));
    expect(hd95(a, b, spacing)).toBeCloseTo(reference.hd95, 7);
    expect(dice(a, b)).toBeCloseTo(reference.dice, 12);
    expect(iou(a, b)).toBeCloseTo(reference.iou, 12);
  });

  it('are the same whichever mask comes first, and whatever lies around', () => {
    expect(hd95(b, a, spacing)).toBe(hd95(a, b, spacing));
    expect(hd95(framed(a), framed(b), spacing)).toBe(hd95(a, b, spacing));
  });
});

/** The region in a picture that is larger on every side (volumes: on every axis). */
function framed({ size: [width, height, slices], data }: Region): Region {
  const [w, h, d] = [width + 5, height + 4, slices === 1 ? 1 : slices + 3];
  const around = new Uint8Array(w * h * d);
  for (let i = 0; i < data.length; i++) {
    const [x, y, z] = [i % width, Math.floor(i / width) % height, Math.floor(i / (width * height))];
    around[((z + (slices === 1 ? 0 : 1)) * h + y + 3) * w + x + 2] = data[i];
  }
  return { size: [w, h, d], data: around };
}

describe('hd95', () => {
  it('counts along the axis that was shifted, in its own unit', () => {
    const [left, right] = [region('1100000', '1100000'), region('0000011', '0000011')];
    // Each pixel is five columns from its counterpart and four from the other's near edge.
    expect(hd95(left, right, null)).toBe(5);
    expect(hd95(left, right, [0.5, 3, 9])).toBe(2.5);
  });

  it('is 0 for two empty masks and null for one: there is no surface to measure to', () => {
    const [empty, some] = [region('000', '000'), region('010', '000')];
    expect(hd95(empty, empty, null)).toBe(0);
    expect(hd95(empty, some, null)).toBeNull();
    expect(hd95(some, empty, [1, 1, 1])).toBeNull();
    expect(surfaceDistances(some, empty, null)).toBeNull();
  });

  it('leaves the worst twentieth out', () => {
    // 40 pixels that agree and one that lies far away: 81 distances, of which one is large.
    const a = { size: [60, 1, 1] as const, data: Uint8Array.from({ length: 60 }, (_, x) => (x < 40 ? 1 : 0)) };
    const b = { ...a, data: Uint8Array.from(a.data, (value, x) => (x === 59 ? 1 : value)) };
    expect(Math.max(...surfaceDistances(a, b, null)!)).toBe(20);
    expect(hd95(a, b, null)).toBe(0);
  });

  it('takes a volume cut to one slice as a volume: all of it is surface', () => {
    const slab = (filled: number): Region => ({
      size: [5, 5, 3],
      data: Uint8Array.from({ length: 75 }, (_, i) => (Math.floor(i / 25) === filled ? 1 : 0)),
    });
    expect(surfaceDistances(slab(0), slab(2), [1, 1, 2])).toEqual(new Float64Array(50).fill(4));
    expect(surfaceDistances(slab(1), slab(1), null)).toHaveLength(50);
  });

  it('refuses masks of two sizes', () => {
    expect(() => hd95(region('01'), region('010'), null)).toThrow(/2×1 and 3×1/);
  });

  it('is what comparing every pair of surface voxels gives', () => {
    const random = new Random(11);
    for (let round = 0; round < 20; round++) {
      const size = [1 + random.integer(9), 1 + random.integer(9), 2 + random.integer(5)] as const;
      const draw = (): Region => {
        const share = random.uniform(0.05, 0.8);
        const data = Uint8Array.from({ length: size[0] * size[1] * size[2] }, () => (random.chance(share) ? 1 : 0));
        return { size, data };
      };
      const [a, b] = [draw(), draw()];
      const spacing: Spacing = [random.uniform(0.2, 5), random.uniform(0.2, 5), random.uniform(0.2, 5)];
      const found = surfaceDistances(a, b, spacing);
      const [placesA, placesB] = [surfacePlaces(a, spacing), surfacePlaces(b, spacing)];
      if (placesA.length * placesB.length === 0) continue;
      const nearest = (from: number[][], to: number[][]): number[] =>
        from.map((p) => Math.min(...to.map((q) => Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]))));
      const expected = Float64Array.from([...nearest(placesA, placesB), ...nearest(placesB, placesA)]);
      expect(found).toHaveLength(expected.length);
      found!.sort();
      expected.sort().forEach((value, i) => expect(found![i]).toBeCloseTo(value, 9));
    }
  });

  it('measures a volume of 256×256×100 in about a second', () => {
    const size = [256, 256, 100] as const;
    const ball = (cx: number, radius: number): Region => {
      const data = new Uint8Array(256 * 256 * 100);
      for (let z = 0, at = 0; z < 100; z++)
        for (let y = 0; y < 256; y++)
          for (let x = 0; x < 256; x++, at++)
            if (((x - cx) / radius) ** 2 + ((y - 128) / radius) ** 2 + ((z - 50) / 49.5) ** 2 <= 1) data[at] = 1;
      return { size, data };
    };
    const [a, b] = [ball(128, 127), ball(131, 126)];
    const started = process.cpuUsage();
    const distance = hd95(a, b, [0.8, 0.8, 2.5])!;
    const seconds = process.cpuUsage(started).user / 1e6;
    expect(distance).toBeGreaterThan(0.8);
    expect(distance).toBeLessThan(3.2);
    // Processor time, and generous: machines that test are slow; a quadratic transform takes minutes.
    expect(seconds).toBeLessThan(5);
  });
});

/** Places in mm of the voxels that miss one of their six neighbours. */
function surfacePlaces({ size: [w, h, d], data }: Region, spacing: Spacing): number[][] {
  const at = (x: number, y: number, z: number): number =>
    x < 0 || y < 0 || z < 0 || x >= w || y >= h || z >= d ? 0 : data[(z * h + y) * w + x];
  const places: number[][] = [];
  for (let z = 0; z < d; z++)
    for (let y = 0; y < h; y++)
      for (let x = 0; x < w; x++) {
        if (at(x, y, z) === 0) continue;
        const around = [at(x - 1, y, z), at(x + 1, y, z), at(x, y - 1, z), at(x, y + 1, z), at(x, y, z - 1)];
        if ([...around, at(x, y, z + 1)].includes(0)) places.push([x * spacing[0], y * spacing[1], z * spacing[2]]);
      }
  return places;
}
