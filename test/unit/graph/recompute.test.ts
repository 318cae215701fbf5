import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/kernel/datasets/random';
import {
  affine,
  concat,
  gelu,
  gradients,
  input,
  layerNorm,
  matMul,
  mul,
  Segments,
  slice,
  softmax,
  sumAll,
  topologicalOrder,
  type RunSegment,
  type Tensor,
} from '../../../src/kernel/graph';
import { runWithOrt } from '../../support/ort';
import { expectClose, randomTensor } from '../../support/tensors';

const [rows, channels] = [4, 6];
const x = input('x', [rows, channels]);
const weights = ['w0', 'w1', 'w2'].map((name) => input(name, [channels, channels]));
const [bias, scale] = [input('bias', [channels]), input('scale', [channels])];
const inputs = [x, ...weights, bias, scale];

const random = new Random(5);
const feeds = Object.fromEntries(inputs.map(({ attributes: { name }, shape }) => [name, randomTensor(random, shape)]));

/** A stack of three blocks with a residual, each with an inner part of its own, like a transformer's. */
function stack(block: RunSegment, inner: RunSegment): Tensor {
  let y: Tensor = x;
  for (const weight of weights) {
    y = block([y], (tokens) => {
      const n = layerNorm(tokens, scale, bias, 1e-3);
      const parts = [0, 2].map((start) =>
        inner([slice(n, 0, start, start + 2), n], (q, k) => softmax(matMul(mul(q, 0.5), transposed(k)))),
      );
      return mul(gelu(affine(matMul(concat(parts, 0), n), weight, bias)), tokens);
    });
  }
  return sumAll(mul(y, y));
}

const transposed = (k: Tensor): Tensor => matMul(matMul(identity, k), identity2);
const identity = input('first', [channels, rows]);
const identity2 = input('second', [channels, rows]);
feeds.first = randomTensor(random, [channels, rows]);
feeds.second = randomTensor(random, [channels, rows]);

const named = (tensors: readonly Tensor[]): Record<string, Tensor> =>
  Object.fromEntries(tensors.map((tensor, index) => [`gradient ${index}`, tensor]));

const kept: RunSegment = (sources, body) => body(...sources);

describe('gradients with segments', () => {
  it.each([
    ['blocks', true, false],
    ['inner parts', false, true],
    ['blocks with inner parts', true, true],
  ])('of %s are those without', async (_, blocks, parts) => {
    const segments = new Segments();
    const loss = stack(blocks ? segments.run : kept, parts ? segments.run : kept);
    expect([...segments].length).toBe((blocks ? 3 : 0) + (parts ? 6 : 0));
    const again = await runWithOrt(named(gradients(loss, inputs, segments)), feeds);
    const expected = await runWithOrt(named(gradients(stack(kept, kept), inputs)), feeds);
    for (const [name, value] of Object.entries(expected)) expectClose(again[name], value, 1e-6, name);
  });

  it('keep nothing of the inside: the backward pass reads only the inputs and outputs of segments', () => {
    const segments = new Segments();
    const loss = stack(segments.run, segments.run);
    const forward = new Set(topologicalOrder([loss]));
    const allowed = new Set([...segments].flatMap(({ inputs: sources, output }) => [...sources, output]));
    const blocks = [...segments].filter(({ inputs: sources }) => sources.length === 1);
    const inside = new Set(
      blocks.flatMap(({ output }) => topologicalOrder([output])).filter(({ inputs: s }) => s.length > 0),
    );
    for (const { inputs: sources, output } of blocks) for (const tensor of [...sources, output]) inside.delete(tensor);
    for (const tensor of topologicalOrder(gradients(loss, inputs, segments))) {
      if (forward.has(tensor)) continue;
      for (const source of tensor.inputs) {
        expect(inside.has(source) && !allowed.has(source), `${tensor.primitive} reads ${source.primitive}`).toBe(false);
      }
    }
  });

  it('begin a segment only after the one before has its gradients', () => {
    const segments = new Segments();
    const loss = stack(segments.run, kept);
    const order = topologicalOrder(gradients(loss, inputs, segments));
    const waits = order.filter(({ primitive }) => primitive === 'after');
    expect(waits).toHaveLength(3);
    // x, the gradient of the segment's output, and from the second on the gradients that the one before came to
    expect(waits.map(({ inputs: sources }) => sources.length > 2)).toEqual([false, true, true]);
  });
});
