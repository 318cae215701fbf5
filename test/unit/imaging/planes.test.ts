import { inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeMaskPatch, decodeMaskPatch } from '../../../src/kernel/imaging';
import { planesOf } from '../../../src/kernel/imaging/planeGeometry';
import { encodeSlicePixels } from '../../../src/kernel/imaging/planePixels';
import { crossSection, planeSlice } from '../../../src/kernel/imaging/planeSlice';
import { applyDelta, type SlicePixels, undoDelta } from '../../../src/protocol';

/** What a page makes of a slice. */
function intensities({ kind, width, height, slope, intercept, data }: SlicePixels): number[] {
  const stored = undoDelta(kind, width, height, inflateRawSync(Buffer.from(data, 'base64')));
  return Array.from(stored, (value) => slope * value + intercept);
}

const size = [4, 3, 2] as const;
/** Voxel (i, j, k) holds 100 k + 10 j + i. */
const voxels = Int16Array.from(
  { length: 24 },
  (_, at) => (at % 4) + 10 * (Math.floor(at / 4) % 3) + 100 * Math.floor(at / 12),
);
const identity = [1, 0, 0, 0, 1, 0, 0, 0, 1];
const spacing = [0.5, 0.6, 3] as const;
const stack = { path: 'v.nii', size, channels: 1 as const, voxels };

describe('planes', () => {
  it('of a volume in the patient’s axes stand as radiologists expect them', () => {
    const [axial, coronal, sagittal] = planesOf({ size, spacing, direction: identity });
    expect(axial).toEqual({
      plane: 'axial',
      width: 4,
      height: 3,
      slices: 2,
      axes: [0, 1, 2],
      spacing: [0.5, 0.6, 3],
      flipX: false,
      flipY: false,
      letters: { left: 'R', right: 'L', top: 'A', bottom: 'P' },
    });
    // k grows to the head, which belongs on top.
    expect(coronal).toMatchObject({ plane: 'coronal', axes: [0, 2, 1], width: 4, height: 2, slices: 3, flipY: true });
    expect(coronal.letters).toEqual({ left: 'R', right: 'L', top: 'S', bottom: 'I' });
    expect(sagittal).toMatchObject({ plane: 'sagittal', axes: [1, 2, 0], width: 3, height: 2, slices: 4, flipY: true });
    expect(sagittal.letters).toEqual({ left: 'A', right: 'P', top: 'S', bottom: 'I' });
  });

  it('of any right-angled orientation show the same sides at the same edges', () => {
    const axes = fc.shuffledSubarray([0, 1, 2], { minLength: 3 });
    const signs = fc.tuple(...[0, 1, 2].map(() => fc.constantFrom(-1, 1)));
    fc.assert(
      fc.property(axes, signs, (order, sign) => {
        const direction = new Array<number>(9).fill(0);
        order.forEach((patient, axis) => (direction[patient * 3 + axis] = sign[axis]));
        const edges = { axial: 'RLAP', coronal: 'RLSI', sagittal: 'APSI' };
        for (const plane of planesOf({ size, spacing, direction }).slice(1)) {
          const { left, right, top, bottom } = plane.letters!;
          expect(left + right + top + bottom).toBe(edges[plane.plane]);
        }
        const [own] = planesOf({ size, spacing, direction });
        expect(own.axes).toEqual([0, 1, 2]);
        const { left, right, top, bottom } = own.letters!;
        // As they are stored, its axes may lie crosswise.
        expect([...(left + right + top + bottom)].sort().join('')).toBe([...edges[own.plane]].sort().join(''));
      }),
    );
  });

  it('of a picture are one, without sides', () => {
    const planes = planesOf({ size: [4, 3, 1], spacing: null, direction: identity });
    expect(planes).toMatchObject([{ plane: 'axial', spacing: null, letters: null, flipX: false, flipY: false }]);
  });

  it('cut the volume where they say', () => {
    const [axial, coronal, sagittal] = planesOf({ size, spacing, direction: identity });
    expect([...planeSlice(stack, axial, 1).pixels]).toEqual([
      100, 101, 102, 103, 110, 111, 112, 113, 120, 121, 122, 123,
    ]);
    expect([...planeSlice(stack, coronal, 2).pixels]).toEqual([20, 21, 22, 23, 120, 121, 122, 123]);
    expect([...planeSlice(stack, sagittal, 3).pixels]).toEqual([3, 13, 23, 103, 113, 123]);
    expect(() => planeSlice(stack, coronal, 3)).toThrow(/no coronal slice 3: choose one from 0 to 2/);
  });

  it('cut masks as they cut the volume', () => {
    const mask = fc.uint8Array({ minLength: 24, maxLength: 24, max: 1 });
    fc.assert(
      fc.property(mask, fc.constantFrom(identity, [0, 0, 1, 1, 0, 0, 0, 1, 0]), (data, direction) => {
        const patches = [0, 1].flatMap((k) => {
          const patch = encodeMaskPatch({ width: 4, height: 3, data: data.subarray(12 * k, 12 * k + 12) });
          return patch === null ? [] : [[k, patch] as const];
        });
        for (const plane of planesOf({ size, spacing, direction }).slice(1)) {
          for (let index = 0; index < plane.slices; index++) {
            const expected = [...planeSlice({ ...stack, voxels: data }, plane, index).pixels];
            const patch = crossSection(plane, index, patches);
            const cut = patch && [...decodeMaskPatch(patch, plane.width, plane.height).data];
            expect(cut ?? expected.map(() => 0)).toEqual(expected);
          }
        }
      }),
    );
  });
});

describe('the pixels of a slice', () => {
  const slice = (pixels: Parameters<typeof encodeSlicePixels>[0]['pixels'], channels: 1 | 3 = 1) =>
    encodeSlicePixels({ width: pixels.length / channels / 2, height: 2, channels, pixels });

  it('are undone to what they were', () => {
    const shape = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.constantFrom('int16', 'uint8', 'rgb8' as const)); // prettier-ignore
    fc.assert(
      fc.property(
        shape,
        fc.infiniteStream(fc.integer({ min: -32768, max: 32767 })),
        ([width, height, kind], values) => {
          const length = width * height * (kind === 'rgb8' ? 3 : 1);
          const numbers = Array.from({ length }, () => values.next().value as number);
          const pixels = kind === 'int16' ? Int16Array.from(numbers) : Uint8Array.from(numbers);
          const bytes = applyDelta(kind as SlicePixels['kind'], width, height, pixels);
          expect(undoDelta(kind as SlicePixels['kind'], width, height, bytes)).toEqual(pixels);
        },
      ),
    );
    expect(() => undoDelta('uint8', 2, 2, new Uint8Array(3))).toThrow(RangeError);
  });

  it('come exact where they are whole numbers', async () => {
    const cases = [
      Uint8Array.of(0, 255, 3, 4),
      Int16Array.of(-32768, 32767, 0, -1),
      Uint16Array.of(0, 65535, 40000, 1),
      Int32Array.of(-1000, 3000, 0, 7),
      Float32Array.of(-1024, 3071, 0, 5),
      Int32Array.of(100_000, 100_001, 165_535, 120_000),
    ];
    for (const pixels of cases) expect(intensities(await slice(pixels))).toEqual([...pixels]);
    const rgb = Uint8Array.from({ length: 12 }, (_, at) => 20 * at);
    const sent = await slice(rgb, 3);
    expect([sent.kind, ...intensities(sent)]).toEqual(['rgb8', ...rgb]);
  });

  it('come in 65 536 levels of their range where they are not', async () => {
    const pixels = Float32Array.of(-0.5, 0.25, 1.5, NaN);
    const [low, middle, high, none] = intensities(await slice(pixels));
    for (const [value, expected] of [
      [low, -0.5],
      [middle, 0.25],
      [high, 1.5],
      [none, -0.5],
    ])
      // prettier-ignore
      expect(Math.abs(value - expected)).toBeLessThan(2 / 65_535);
  });
});
