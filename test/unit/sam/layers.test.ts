import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/kernel/datasets';
import { input, tensorData, type Tensor, type TensorData } from '../../../src/kernel/graph';
import {
  convolution3x3,
  interpolation,
  patchConvolution,
  resizeBilinear,
  upConvolution,
} from '../../../src/kernel/sam/layers';
import { constantWeights } from '../../../src/kernel/sam/weights';
import { runWithOrt } from '../../support/ort';
import { expectClose, randomTensor } from '../../support/tensors';

const random = new Random(3);

describe('interpolation', () => {
  const rows = (from: number, to: number): number[][] =>
    Array.from({ length: to }, (_, row) => [...interpolation(from, to).subarray(row * from, (row + 1) * from)]);

  // As torch.nn.functional.interpolate(mode='linear', align_corners=False) weighs the entries.
  it('doubles: quarters and three quarters, the ends held', () => {
    expect(rows(2, 4)).toEqual([
      [1, 0],
      [0.75, 0.25],
      [0.25, 0.75],
      [0, 1],
    ]);
  });

  it('halves: the mean of two neighbours', () => {
    expect(rows(4, 2)).toEqual([
      [0.5, 0.5, 0, 0],
      [0, 0, 0.5, 0.5],
    ]);
  });

  it('one entry stands for all', () => expect(rows(1, 3)).toEqual([[1], [1], [1]]));

  it('to one entry: the middle', () => {
    expect(rows(3, 1)).toEqual([[0, 1, 0]]);
    expect(rows(2, 1)).toEqual([[0.5, 0.5]]);
  });

  it('the same size leaves every entry as it is', () => {
    expect(rows(3, 3)).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]);
  });

  it.each([
    [5, 7],
    [13, 9],
    [27, 127],
  ])('%i → %i: the weights of an entry are of sum 1 and keep a straight line straight inside', (from, to) => {
    rows(from, to).forEach((row, index) => {
      expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
      const position = ((index + 0.5) * from) / to - 0.5;
      if (position < 0 || position > from - 1) return;
      expect(row.reduce((a, weight, entry) => a + weight * entry, 0)).toBeCloseTo(position, 5);
    });
  });
});

/** Channel-last value, 0 outside. */
const pixel = ({ shape, data }: TensorData, b: number, y: number, x: number, c: number): number => {
  const [, height, width, channels] = shape;
  if (y < 0 || x < 0 || y >= height || x >= width) return 0;
  return data[((b * height + y) * width + x) * channels + c];
};

function tabulate(shape: readonly number[], value: (b: number, y: number, x: number, c: number) => number): TensorData {
  const [batch, height, width, channels] = shape;
  const data: number[] = [];
  for (let b = 0; b < batch; b++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) for (let c = 0; c < channels; c++) data.push(value(b, y, x, c));
  return tensorData(shape, data);
}

const total = (n: number, value: (index: number) => number): number => {
  let sum = 0;
  for (let index = 0; index < n; index++) sum += value(index);
  return sum;
};

describe('convolutions are what they are called', () => {
  const x = randomTensor(random, [2, 4, 6, 3]);
  const run = async (build: (x: Tensor) => Tensor): Promise<TensorData> =>
    (await runWithOrt({ y: build(input('x', x.shape)) }, { x })).y;
  const layer = (weight: TensorData, bias: TensorData) =>
    constantWeights(
      new Map([
        ['weight', weight],
        ['bias', bias],
      ]),
    );

  it('3×3, zeros around', async () => {
    const weight = randomTensor(random, [5, 3, 3, 3]);
    const expected = tabulate([2, 4, 6, 5], (b, y, column, out) =>
      total(27, (i) => {
        const [channel, dy, dx] = [Math.floor(i / 9), Math.floor((i % 9) / 3) - 1, (i % 3) - 1];
        return weight.data[out * 27 + i] * pixel(x, b, y + dy, column + dx, channel);
      }),
    );
    const weights = constantWeights(new Map([['w', weight]]));
    expectClose(await run((value) => convolution3x3(value, weights('w'))), expected, 1e-5, '3×3');
  });

  it('2×2 of stride 2', async () => {
    const [weight, bias] = [randomTensor(random, [5, 3, 2, 2]), randomTensor(random, [5])];
    const expected = tabulate([2, 2, 3, 5], (b, y, column, out) => {
      const sum = total(12, (i) => {
        const [channel, dy, dx] = [Math.floor(i / 4), Math.floor((i % 4) / 2), i % 2];
        return weight.data[out * 12 + i] * pixel(x, b, 2 * y + dy, 2 * column + dx, channel);
      });
      return sum + bias.data[out];
    });
    expectClose(await run((value) => patchConvolution(value, layer(weight, bias))), expected, 1e-5, 'patches');
  });

  it('2×2 transposed, of stride 2', async () => {
    const [weight, bias] = [randomTensor(random, [3, 5, 2, 2]), randomTensor(random, [5])];
    const expected = tabulate([2, 8, 12, 5], (b, y, column, out) => {
      const tap = (y % 2) * 2 + (column % 2);
      const from = (c: number): number => pixel(x, b, Math.floor(y / 2), Math.floor(column / 2), c);
      return total(3, (c) => from(c) * weight.data[(c * 5 + out) * 4 + tap]) + bias.data[out];
    });
    expectClose(await run((value) => upConvolution(value, layer(weight, bias))), expected, 1e-5, 'transposed');
  });
});

it('maps are resized along both axes, each on its own', async () => {
  const map = randomTensor(random, [1, 2, 3, 4]);
  const { y } = await runWithOrt({ y: resizeBilinear(input('x', map.shape), 5, 2) }, { x: map });
  const [down, across] = [interpolation(3, 5), interpolation(4, 2)];
  const expected = Array.from({ length: 2 * 5 * 2 }, (_, i) => {
    const [channel, row, column] = [Math.floor(i / 10), Math.floor((i % 10) / 2), i % 2];
    return total(12, (k) => {
      const [h, w] = [Math.floor(k / 4), k % 4];
      return down[row * 3 + h] * across[column * 4 + w] * map.data[channel * 12 + k];
    });
  });
  expectClose(y, { shape: [1, 2, 5, 2], data: expected }, 1e-6, 'resized');
});
