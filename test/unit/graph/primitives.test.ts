import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/kernel/datasets/random';
import { constant, input, mul, sumAll, type Primitive } from '../../../src/kernel/graph';
import { expectAgreement } from '../../support/executors';
import { randomTensor } from '../../support/tensors';
import { primitiveCases } from './primitiveCases';

/**
 * float32 resolves 6e-8 and TensorFlow.js's erf 1.5e-7; the cases sum up to some dozen such errors. In float64 what is
 * left is the error of the differences and of the rules' constants (1/n, √2), which the graph keeps in float32.
 */
const tolerances = { float32: 1e-5, float64: 1e-6 };

for (const [primitive, cases] of Object.entries(primitiveCases)) {
  describe(primitive, () => {
    it.each(cases.map((entry, index) => ({ ...entry, index })))(
      '$title: value and gradients agree on all executors',
      async ({ shapes, domains, build, index }) => {
        const random = new Random(index).fork(primitive);
        const inputs = shapes.map((shape, position) => input(`x${position}`, shape));
        const feeds = Object.fromEntries(
          shapes.map((shape, position) => [`x${position}`, randomTensor(random, shape, domains?.[position])]),
        );
        const y = build(inputs);
        expect(y.primitive satisfies Primitive).toBe(primitive);
        // Random weights, so that no symmetry of y (the rows of a softmax sum to 1) hides a wrong gradient.
        const scalar = sumAll(mul(y, constant(randomTensor(random, y.shape))));
        await expectAgreement({ y }, scalar, inputs, feeds, tolerances);
      },
    );
  });
}
