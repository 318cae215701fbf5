import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/kernel/datasets';
import { add, gradients, input, meanAll, mul, sizeOf, tensorData, type TensorData } from '../../../src/kernel/graph';
import { adamWDefaults, adamWStep, scheduleAt, type AdamWOptions } from '../../../src/kernel/training/adamw';
import { ParameterLayout } from '../../../src/kernel/training/parameters';
import { learningRateAt, scheduleDefaults } from '../../../src/kernel/training/schedule';
import { runWithOrt } from '../../support/ort';
import { expectClose, randomTensor } from '../../support/tensors';

describe('AdamW', () => {
  const size = 12;
  const steps = 6;

  /** torch.optim.AdamW with torch.nn.utils.clip_grad_norm_, in float64. */
  function reference(start: Float32Array, gradientsOf: readonly TensorData[], rate: number, options: AdamWOptions) {
    const { beta1, beta2, epsilon, weightDecay, clipNorm } = options;
    const [p, m, v] = [[...start], new Array<number>(size).fill(0), new Array<number>(size).fill(0)];
    gradientsOf.forEach(({ data }, index) => {
      const norm = Math.hypot(...data);
      const factor = clipNorm === null ? 1 : Math.min(1, clipNorm / (norm + 1e-6));
      const t = index + 1;
      for (let i = 0; i < size; i++) {
        const g = data[i] * factor;
        p[i] -= rate * weightDecay * p[i];
        m[i] = beta1 * m[i] + (1 - beta1) * g;
        v[i] = beta2 * v[i] + (1 - beta2) * g * g;
        p[i] -= (rate * (m[i] / (1 - beta1 ** t))) / (Math.sqrt(v[i] / (1 - beta2 ** t)) + epsilon);
      }
    });
    return { p, m, v };
  }

  it.each([
    ['no clipping', adamWDefaults, 1],
    ['clipping gradients that are too long', { ...adamWDefaults, clipNorm: 1 }, 1],
    ['clipping none that are short enough', { ...adamWDefaults, clipNorm: 1 }, 0.05],
    ['a strong decay and other betas', { ...adamWDefaults, weightDecay: 0.3, beta1: 0.7, beta2: 0.95 }, 1],
  ])('%s: as a float64 loop computes it', async (_, options, scale) => {
    const random = new Random(4);
    const start = randomTensor(random, [size]);
    const given = Array.from({ length: steps }, () => {
      const { data, shape } = randomTensor(random, [size]);
      return tensorData(
        shape,
        data.map((value) => value * scale),
      );
    });
    const flat = (name: string) => input(name, [size]);
    const outputs = adamWStep(
      { parameters: flat('p'), firstMoment: flat('m'), secondMoment: flat('v') },
      flat('gradient'),
      options,
    );
    const zeros = tensorData([size], new Float32Array(size));
    let [p, m, v] = [start, zeros, zeros];
    for (const [index, gradient] of given.entries()) {
      const schedule = Object.entries(scheduleAt(index + 1, 0.01, options));
      const feeds = Object.fromEntries(schedule.map(([name, value]) => [name, tensorData([], [value])]));
      const next = await runWithOrt({ ...outputs }, { p, m, v, gradient, ...feeds });
      [p, m, v] = [next.parameters, next.firstMoment, next.secondMoment];
      // The norm that is reported is that before clipping.
      expect(next.norm.data[0]).toBeCloseTo(Math.hypot(...gradient.data), 4);
    }
    const expected = reference(start.data, given, 0.01, options);
    expectClose(p, { shape: [size], data: expected.p }, 1e-6, 'parameters');
    expectClose(m, { shape: [size], data: expected.m }, 1e-6, 'first moment');
    expectClose(v, { shape: [size], data: expected.v }, 1e-6, 'second moment');
  });

  it('a gradient of zero only decays', async () => {
    const flat = (name: string) => input(name, [size]);
    const start = randomTensor(new Random(5), [size]);
    const zeros = tensorData([size], new Float32Array(size));
    const options = { ...adamWDefaults, clipNorm: 1 };
    const state = { parameters: flat('p'), firstMoment: flat('m'), secondMoment: flat('v') };
    const schedule = Object.entries(scheduleAt(1, 0.5, options)).map(([name, value]) => [
      name,
      tensorData([], [value]),
    ]);
    const { parameters } = await runWithOrt(
      { ...adamWStep(state, flat('g'), options) },
      { p: start, m: zeros, v: zeros, g: zeros, ...(Object.fromEntries(schedule) as Record<string, TensorData>) },
    );
    const decayed = start.data.map((value) => value * (1 - 0.5 * options.weightDecay));
    expectClose(parameters, { shape: [size], data: decayed }, 1e-6, 'parameters');
  });
});

describe('the learning rate', () => {
  const peak = 2e-3;
  const usual = { lr: peak, ...scheduleDefaults };

  it('rises in a straight line to its peak at 5 % of the run', () => {
    expect(learningRateAt(0, usual)).toBeGreaterThan(0);
    expect(learningRateAt(0, usual)).toBeLessThan(0.05 * peak);
    const [a, b, c] = [0.01, 0.02, 0.03].map((progress) => learningRateAt(progress, usual));
    expect(c - b).toBeCloseTo(b - a, 10);
    expect(learningRateAt(0.05, usual)).toBeCloseTo(peak, 10);
    expect(learningRateAt(0.0499999, usual)).toBeCloseTo(peak, 6);
  });

  it('falls along a cosine to a hundredth at the end', () => {
    expect(learningRateAt(0.525, usual)).toBeCloseTo((0.01 + 0.99 / 2) * peak, 10);
    expect(learningRateAt(1, usual)).toBeCloseTo(peak / 100, 10);
    for (let progress = 0.05; progress < 0.99; progress += 0.01) {
      expect(learningRateAt(progress + 0.01, usual)).toBeLessThan(learningRateAt(progress, usual));
    }
  });

  it('halves after every quarter of the run, or stays', () => {
    const stepwise = (progress: number): number =>
      learningRateAt(progress, { lr: peak, schedule: 'step', warmup: 0.1 }) / peak;
    expect([0.1, 0.2499, 0.25, 0.5, 0.74, 0.75, 1].map(stepwise)).toEqual([1, 1, 0.5, 0.25, 0.25, 0.125, 0.125]);
    expect(stepwise(0.05)).toBeCloseTo(0.052 / 0.102, 10);
    for (const progress of [0, 0.3, 1]) {
      expect(learningRateAt(progress, { lr: peak, schedule: 'constant', warmup: 0 })).toBe(peak);
    }
  });

  it('is at its peak from the first step without a warm-up', () => {
    expect(learningRateAt(0, { lr: peak, schedule: 'cosine', warmup: 0 })).toBe(peak);
  });
});

describe('ParameterLayout', () => {
  const shapes = new Map([
    ['b', [2, 3]],
    ['a', [4]],
    ['c', [1]],
  ]);
  const layout = new ParameterLayout(shapes);
  const tensors = new Map(
    [...shapes].map(([name, shape], index) => [name, randomTensor(new Random(index), shape)] as const),
  );

  it('lays tensors side by side in the order of the table', () => {
    expect(layout.size).toBe(11);
    expect(layout.names).toEqual(['b', 'a', 'c']);
    const expected = ['b', 'a', 'c'].flatMap((name) => [...tensors.get(name)!.data]);
    expect([...layout.pack(new Map([...tensors].reverse()))]).toEqual(expected);
  });

  it('unpacks what it packed, as copies', () => {
    const flat = layout.pack(tensors);
    const unpacked = layout.unpack(flat);
    expect(unpacked).toEqual(tensors);
    flat.fill(0);
    expect(unpacked).toEqual(tensors);
  });

  it('refuses a tensor that is missing or of another size, by name', () => {
    expect(() => layout.pack(new Map([...tensors].slice(1)))).toThrow(/parameter b of shape \[2, 3\]/);
    expect(() => layout.pack(new Map([...tensors, ['a', tensorData([3], [1, 2, 3])]]))).toThrow(/parameter a/);
  });

  it('is read in a graph as the same tensors, and its gradient is one vector in the same order', async () => {
    const { flat, tensors: read } = layout.read('parameters');
    const weights = new Map(layout.names.map((name, index) => [name, index + 1]));
    const terms = layout.names.map((name) => {
      const tensor = read.get(name)!;
      return mul(meanAll(mul(tensor, tensor)), sizeOf(tensor.shape) * weights.get(name)!);
    });
    const scalar = terms.reduce((a, b) => add(a, b));
    const gradient = ParameterLayout.flatten(
      gradients(
        scalar,
        layout.names.map((name) => read.get(name)!),
      ),
    );
    const packed = layout.pack(tensors);
    const { g, b } = await runWithOrt(
      { g: gradient, b: mul(read.get('b')!, 1) },
      { parameters: tensorData([11], packed) },
    );
    expect(flat.shape).toEqual([11]);
    expect(b).toEqual(tensors.get('b'));
    const expected = layout.names.flatMap((name) =>
      [...tensors.get(name)!.data].map((x) => 2 * weights.get(name)! * x),
    );
    expectClose(g, { shape: [11], data: expected }, 1e-6, 'gradient');
  });
});
