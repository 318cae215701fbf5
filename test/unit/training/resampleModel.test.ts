import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/kernel/datasets';
import { input, tensorData, type TensorData } from '../../../src/kernel/graph';
import { initialSam } from '../../../src/kernel/medsa/initialise';
import type { SamConfig } from '../../../src/kernel/sam/config';
import { imageEncoder } from '../../../src/kernel/sam/imageEncoder';
import { bare } from '../../../src/kernel/sam/seams';
import { samShapes } from '../../../src/kernel/sam/shapes';
import { constantWeights, within } from '../../../src/kernel/sam/weights';
import { resampleModel } from '../../../src/kernel/training/resampleModel';
import { tinyConfig } from '../../support/tinyModel';
import { runWithOrt } from '../../support/ort';

const coarse: SamConfig = { ...tinyConfig, patchSize: 8 };
const random = new Random(5);
const tensors = new Map(
  [...initialSam(samShapes(coarse), random)].map(([name, { shape, data }]) => [
    name,
    tensorData(
      shape,
      data.map((value) => value + 0.01 * random.normal()),
    ),
  ]),
);

async function encode(config: SamConfig, weights: ReadonlyMap<string, TensorData>, image: TensorData) {
  const parts = within(constantWeights(weights), 'image_encoder');
  const graph = imageEncoder(input('image', image.shape), parts, config, bare);
  return (await runWithOrt({ embedding: graph }, { image })).embedding;
}

/** A picture of half the size, and the same one with every pixel four times. */
function pictures(side: number): { small: TensorData; large: TensorData } {
  const small = tensorData(
    [1, 3, side, side],
    Float32Array.from({ length: 3 * side * side }, () => random.normal()),
  );
  const large = new Float32Array(12 * side * side);
  for (let i = 0; i < large.length; i++) {
    const [x, y] = [i % (2 * side), Math.floor(i / (2 * side)) % (2 * side)];
    large[i] = small.data[Math.floor(i / (4 * side * side)) * side * side + (y >> 1) * side + (x >> 1)];
  }
  return { small, large: tensorData([1, 3, 2 * side, 2 * side], large) };
}

describe('resampleModel', () => {
  it('answers a picture of half the size as before, where the grid stays', async () => {
    const { small, large } = pictures(coarse.imageSize / 2);
    const fine = { ...coarse, patchSize: 4, imageSize: coarse.imageSize / 2 };
    const resampled = resampleModel(tensors, coarse, fine);
    const [before, after] = [await encode(coarse, tensors, large), await encode(fine, resampled, small)];
    expect(after.shape).toEqual(before.shape);
    const worst = before.data.reduce((most, value, i) => Math.max(most, Math.abs(value - after.data[i])), 0);
    expect(worst).toBeLessThan(1e-4);
  });

  it('resamples positions linearly: a ramp stays a ramp', () => {
    const fine = { ...coarse, patchSize: 4 };
    const grid = coarse.imageSize / coarse.patchSize;
    const ramp = new Map(tensors);
    const dim = coarse.embedDim;
    ramp.set(
      'image_encoder.pos_embed',
      tensorData(
        [1, grid, grid, dim],
        Float32Array.from({ length: grid * grid * dim }, (_, i) => Math.floor(i / dim) % grid),
      ),
    );
    const { shape, data } = resampleModel(ramp, coarse, fine).get('image_encoder.pos_embed')!;
    expect(shape).toEqual([1, 2 * grid, 2 * grid, dim]);
    // Cell centres: 2k+1 of the finer grid lies a quarter of a cell beyond k.
    for (let x = 1; x < 2 * grid - 1; x++) expect(data[x * dim]).toBeCloseTo((x + 0.5) / 2 - 0.5, 5);
  });

  it('gives a model that fits its sizes, with blocks made local', () => {
    const fine: SamConfig = { ...coarse, patchSize: 4, globalAttention: [] };
    const resampled = resampleModel(tensors, coarse, fine);
    for (const [name, shape] of samShapes(fine)) expect(resampled.get(name)?.shape, name).toEqual(shape);
  });

  it('refuses a model of another width', () => {
    expect(() => resampleModel(tensors, coarse, { ...coarse, embedDim: 2 * coarse.embedDim })).toThrow('cannot become');
  });
});
