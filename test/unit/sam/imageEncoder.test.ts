import { expect, it } from 'vitest';
import { Random } from '../../../src/kernel/datasets';
import { input, tensorData, type TensorData } from '../../../src/kernel/graph';
import type { SamConfig } from '../../../src/kernel/sam/config';
import { encodeImages } from '../../../src/kernel/sam/sam';
import { bare } from '../../../src/kernel/sam/seams';
import { samShapes } from '../../../src/kernel/sam/shapes';
import { constantWeights } from '../../../src/kernel/sam/weights';
import { runWithOrt } from '../../support/ort';
import { expectClose, randomTensor } from '../../support/tensors';
import { tinyConfig } from '../../support/tinyModel';
import { ReferenceEncoder } from './referenceEncoder';

const config: SamConfig = { ...tinyConfig, embedDim: 12, heads: 2, outChannels: 8 };

/** Every tensor random and of some size, norms and relative positions too: nothing may cancel. */
function randomTensors(base: SamConfig): Map<string, TensorData> {
  const random = new Random(11);
  return new Map(
    [...samShapes(base)].map(([name, shape]) => {
      const { data } = randomTensor(random, shape);
      return [
        name,
        tensorData(
          shape,
          data.map((value) => value / 4),
        ),
      ];
    }),
  );
}

async function encode(tensors: ReadonlyMap<string, TensorData>, sized: SamConfig, images: TensorData) {
  const model = { config: sized, weights: constantWeights(tensors), seams: bare };
  const { embedding } = await runWithOrt(
    { embedding: encodeImages(model, input('image', images.shape)) },
    { image: images },
  );
  return embedding;
}

// [side it was made for, side it runs at, window]
it.each([
  ['an odd grid of 7 in windows of 3', 56, 56, 3],
  ['a grid of 8 in windows that divide it', 64, 64, 4],
  ['a window larger than the grid', 24, 24, 5],
  ['a larger image than it was made for: positions are stretched', 40, 56, 3],
  ['a smaller image than it was made for: positions are squeezed', 64, 40, 3],
])('%s: the encoder is the definition', async (_, made, side, windowSize) => {
  const base = { ...config, imageSize: made, windowSize };
  const sized = { ...base, imageSize: side };
  const tensors = randomTensors(base);
  const image = randomTensor(new Random(5), [1, 3, side, side]);
  const embedding = await encode(tensors, sized, image);
  const expected = new ReferenceEncoder(tensors, sized).encode(image.data);
  const grid = side / sized.patchSize;
  expectClose(embedding, { shape: [1, config.outChannels, grid, grid], data: expected }, 1e-4, 'embedding');
});

it('images of a batch do not see each other', async () => {
  const tensors = randomTensors(config);
  const images = randomTensor(new Random(6), [3, 3, 64, 64]);
  const together = await encode(tensors, config, images);
  for (let index = 0; index < 3; index++) {
    const alone = tensorData([1, 3, 64, 64], images.data.slice(index * 3 * 64 * 64, (index + 1) * 3 * 64 * 64));
    const size = together.data.length / 3;
    const own = { shape: [1, ...together.shape.slice(1)], data: together.data.slice(index * size, (index + 1) * size) };
    expectClose(own, await encode(tensors, config, alone), 1e-5, `image ${index}`);
  }
  expect(together.shape).toEqual([3, config.outChannels, 8, 8]);
});
