import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/kernel/datasets';
import { gradients, input, meanAll, tensorData, type TensorData } from '../../../src/kernel/graph';
import { interpolation } from '../../../src/kernel/sam/layers';
import { iouLoss, lossNames, maskLoss, reachedIou, type LossName } from '../../../src/kernel/training/losses';
import { evaluate64, finiteDifferences, toFloat64 } from '../../support/float64';
import { runWithOrt } from '../../support/ort';
import { expectClose, randomTensor } from '../../support/tensors';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** The losses by their formulas, in float64, on the pixels of one sample. */
const reference: Record<LossName, (logits: readonly number[], target: readonly number[]) => number> = {
  'focal-dice': (logits, target) => {
    const focal = mean(
      logits.map((x, i) => {
        const p = target[i] === 1 ? sigmoid(x) : 1 - sigmoid(x);
        return (target[i] === 1 ? 0.25 : 0.75) * (1 - p) ** 2 * -Math.log(p);
      }),
    );
    const p = logits.map(sigmoid);
    const dice = (2 * sum(p.map((v, i) => v * target[i])) + 1) / (sum(p) + sum([...target]) + 1);
    return 20 * focal + 1 - dice;
  },
  bce: (logits, target) =>
    mean(logits.map((x, i) => (target[i] === 1 ? -2 * Math.log(sigmoid(x)) : -Math.log(1 - sigmoid(x))))),
  'dice-ce': (logits, target) => {
    const p = logits.map(sigmoid);
    const squares = sum(p.map((v) => v * v)) + sum(target.map((t) => t * t));
    const dice = (2 * sum(p.map((v, i) => v * target[i])) + 1e-5) / (squares + 1e-5);
    const entropy = mean(logits.map((x, i) => -Math.log(target[i] === 1 ? sigmoid(x) : 1 - sigmoid(x))));
    return 1 - dice + entropy;
  },
};

const samples = 3;
const side = 4;
const random = new Random(21);
const logits = randomTensor(random, [samples, 1, side, side]);
const target = tensorData(
  logits.shape,
  Float32Array.from({ length: logits.data.length }, () => (random.chance(0.4) ? 1 : 0)),
);
const sampleOf = ({ data, shape }: TensorData, index: number): number[] => {
  const size = data.length / shape[0];
  return [...data.subarray(index * size, (index + 1) * size)];
};

describe.each(lossNames)('%s', (name) => {
  it('is its formula, sample by sample', async () => {
    const { loss } = await runWithOrt(
      { loss: maskLoss(name, input('logits', logits.shape), input('target', target.shape)) },
      { logits, target },
    );
    const expected = Array.from({ length: samples }, (_, i) =>
      reference[name](sampleOf(logits, i), sampleOf(target, i)),
    );
    expectClose(loss, { shape: [samples], data: expected }, 1e-6, 'loss');
  });

  it('upsamples the logits to the target, not the other way round', async () => {
    const small = randomTensor(random, [1, 1, 2, 3]);
    const full = tensorData([1, 1, side, side], sampleOf(target, 0));
    const { loss } = await runWithOrt(
      { loss: maskLoss(name, input('logits', small.shape), input('target', full.shape)) },
      { logits: small, target: full },
    );
    const [rows, columns] = [interpolation(2, side), interpolation(3, side)];
    const upsampled = Array.from({ length: side * side }, (_, i) => {
      const [y, x] = [Math.floor(i / side), i % side];
      return sum([...small.data].map((value, k) => rows[y * 2 + Math.floor(k / 3)] * columns[x * 3 + (k % 3)] * value));
    });
    expectClose(loss, { shape: [1], data: [reference[name](upsampled, sampleOf(full, 0))] }, 1e-6, 'loss');
  });

  it('has the gradient that finite differences have', async () => {
    const [x, t] = [input('logits', logits.shape), input('target', target.shape)];
    const loss = meanAll(maskLoss(name, x, t));
    const feeds = { logits: toFloat64(logits), target: toFloat64(target) };
    const [slope] = finiteDifferences(loss, [x], feeds);
    const [gradient] = gradients(loss, [x]);
    expectClose(evaluate64([gradient], feeds)[0], slope, 1e-8, 'gradient in float64');
    const { ours } = await runWithOrt({ ours: gradient }, { logits, target });
    const scale = Math.max(...slope.data.map(Math.abs));
    const scaled = (values: ArrayLike<number>) => ({ shape: slope.shape, data: Array.from(values, (v) => v / scale) });
    expectClose(scaled(ours.data), scaled(slope.data), 1e-5, 'gradient in float32');
  });

  it('is a number, and has a gradient, however sure and wrong the model is', async () => {
    const sure = tensorData([2, 1, 1, 2], [200, -200, -200, 200]);
    const wrong = tensorData([2, 1, 1, 2], [0, 1, 1, 1]);
    const [x, t] = [input('logits', sure.shape), input('target', wrong.shape)];
    const loss = meanAll(maskLoss(name, x, t));
    const [gradient] = gradients(loss, [x]);
    const answer = await runWithOrt({ loss, gradient }, { logits: sure, target: wrong });
    for (const value of [...answer.loss.data, ...answer.gradient.data]) expect(value).toSatisfy(Number.isFinite);
  });
});

describe('IoU', () => {
  it('reached: of the thresholded logits with the target, per sample', async () => {
    const x = tensorData([3, 1, 2, 2], [1, 1, -1, -1, /**/ 1, 1, 1, 1, /**/ -1, -1, -1, -1]);
    const t = tensorData([3, 1, 2, 2], [1, 0, 1, 0, /**/ 1, 1, 1, 1, /**/ 1, 0, 0, 0]);
    const { iou } = await runWithOrt({ iou: reachedIou(input('x', x.shape), input('t', t.shape)) }, { x, t });
    expectClose(iou, { shape: [3], data: [1 / 3, 1, 0] }, 1e-5, 'IoU');
  });

  it('reached sends no gradient back into the mask', async () => {
    const [x, t] = [input('logits', logits.shape), input('target', target.shape)];
    const [gradient] = gradients(iouLoss(input('estimate', [samples]), reachedIou(x, t)), [x]);
    const estimate = tensorData([samples], [0.1, 0.5, 0.9]);
    const { g } = await runWithOrt({ g: gradient }, { logits, target, estimate });
    expect(g.data.every((value) => value === 0)).toBe(true);
  });

  it('loss: the mean squared error of the estimates', async () => {
    const loss = iouLoss(input('a', [3]), input('b', [3]));
    const feeds = { a: tensorData([3], [0.5, 1, 0]), b: tensorData([3], [0, 1, 0.25]) };
    expect((await runWithOrt({ loss }, feeds)).loss.data[0]).toBeCloseTo((0.25 + 0 + 0.0625) / 3, 6);
  });
});
