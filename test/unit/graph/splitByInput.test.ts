import { expect, it } from 'vitest';
import {
  add,
  constant,
  input,
  matMul,
  matrixTranspose,
  mul,
  relu,
  reshape,
  splitByInput,
  sumAll,
  tensorData,
  topologicalOrder,
  type Tensor,
} from '../../../src/kernel/graph';
import { runWithOrt } from '../../support/ort';

const image = input('image', [2, 3]);
const click = input('click', [3]);
const weight = constant(tensorData([3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]));
const feeds = { image: tensorData([2, 3], [1, -2, 3, -4, 5, 6]), click: tensorData([3], [1, 2, 3]) };

/** Read early twice, once as it is; a constant of its own; an output that only the image decides. */
const keys = relu(matMul(image, weight));
const outputs = {
  answer: sumAll(mul(add(keys, click), matMul(keys, matrixTranspose(weight)))),
  told: reshape(keys, [3, 2]),
  clicked: mul(click, 2),
};

const inputsOf = (tensors: Readonly<Record<string, Tensor>>): string[] =>
  topologicalOrder(Object.values(tensors))
    .filter((tensor): tensor is Tensor<'input'> => tensor.primitive === 'input')
    .map(({ attributes }) => attributes.name);

it('the two parts compute what the whole does, and the late one knows nothing of the image', async () => {
  const { early, late } = splitByInput(outputs, 'image');
  expect(inputsOf(early)).toEqual(['image']);
  expect(new Set(inputsOf(late))).toEqual(new Set(['click', ...Object.keys(early)]));
  // The keys, their product with the weight, and the output that is the image's alone.
  expect(Object.keys(early)).toEqual(['image.0', 'image.1', 'image.2']);
  const first = await runWithOrt(early, feeds);
  expect(await runWithOrt(late, { ...feeds, ...first })).toEqual(await runWithOrt(outputs, feeds));
});

it('a graph without the input is all late, one without another all early', () => {
  expect(splitByInput({ clicked: outputs.clicked }, 'image')).toEqual({
    early: {},
    late: { clicked: outputs.clicked },
  });
  const { early, late } = splitByInput({ told: outputs.told }, 'image');
  expect(early).toEqual({ 'image.0': outputs.told });
  expect(late.told).toMatchObject({ primitive: 'input', attributes: { name: 'image.0' } });
});
