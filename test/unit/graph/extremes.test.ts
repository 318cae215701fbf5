import { describe, expect, it } from 'vitest';
import {
  constant,
  erf,
  gelu,
  gradients,
  input,
  mul,
  sigmoid,
  softmax,
  softplus,
  sumAll,
} from '../../../src/kernel/graph';
import { tensorData, type Tensor } from '../../../src/kernel/graph';
import { toFloat64, evaluate64 } from '../../support/float64';
import { runWithOrt } from '../../support/ort';
import { expectClose } from '../../support/tensors';

/** Logits of a confident model, an untrained one's first steps, and where e^x leaves float32. */
const extremes = tensorData([10], [-1e4, -100, -89, -20, -1e-6, 1e-6, 20, 89, 100, 1e4]);

describe('far out, values and gradients on ONNX Runtime are finite and right', () => {
  it.each<[string, (x: Tensor) => Tensor]>([
    ['sigmoid', sigmoid],
    ['softplus', softplus],
    ['gelu', gelu],
    ['erf', erf],
    ['softmax', softmax],
  ])('%s', async (name, build) => {
    const x = input('x', [10]);
    const y = build(x);
    const weights = constant(tensorData([10], [1, -2, 3, -4, 5, 5, -4, 3, -2, 1]));
    const [slope] = gradients(sumAll(mul(y, weights)), [x]);
    const [value64, slope64] = evaluate64([y, slope], { x: toFloat64(extremes) });
    expect([...value64.data, ...slope64.data].every(Number.isFinite)).toBe(true);
    const ours = await runWithOrt({ y, slope }, { x: extremes });
    // Entry by entry, not against the largest: 1e4 must not excuse its neighbours.
    for (let entry = 0; entry < 10; entry++) {
      const one = (data: ArrayLike<number>): { shape: number[]; data: number[] } => ({
        shape: [],
        data: [data[entry]],
      });
      expectClose(one(ours.y.data), one(value64.data), 1e-6, `${name}(${extremes.data[entry]})`);
      expectClose(one(ours.slope.data), one(slope64.data), 1e-6, `slope of ${name} at ${extremes.data[entry]}`);
    }
  });
});
