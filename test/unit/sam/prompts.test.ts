import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/kernel/datasets';
import { input, tensorData, type TensorData } from '../../../src/kernel/graph';
import { densePositions, densePrompts, promptLabel, sparsePrompts } from '../../../src/kernel/sam/promptEncoder';
import { promptTokens, tokenCount, type ModelPrompts } from '../../../src/kernel/sam/promptTokens';
import { decodePrompts, type SamModel } from '../../../src/kernel/sam/sam';
import { bare } from '../../../src/kernel/sam/seams';
import { constantWeights, within } from '../../../src/kernel/sam/weights';
import { runWithOrt } from '../../support/ort';
import { expectClose, randomTensor } from '../../support/tensors';
import { tinyConfig, tinyTensors } from '../../support/tinyModel';

const tensors = tinyTensors(4);
const model: SamModel = { config: tinyConfig, weights: constantWeights(tensors), seams: bare };
const encoder = within(model.weights, 'prompt_encoder');
const learned = (name: string): number[] => [...tensors.get(`prompt_encoder.${name}.weight`)!.data];
const channels = tinyConfig.outChannels;

describe('promptTokens', () => {
  const points: ModelPrompts['points'] = [
    { x: 3, y: 4, label: 1 },
    { x: 5, y: 6, label: 0 },
  ];

  it('points are followed by one padding token', () => {
    const tokens = promptTokens({ points, box: null });
    expect(tokens).toEqual({ points: [3, 4, 5, 6, 0, 0], labels: [1, 0, promptLabel.padding] });
    expect(tokenCount({ points, box: null })).toBe(tokens.labels.length);
  });

  it('a box is its two corners, without padding', () => {
    const box = [1, 2, 9, 8] as const;
    const tokens = promptTokens({ points: [], box });
    expect(tokens).toEqual({ points: [1, 2, 9, 8], labels: [promptLabel.boxTopLeft, promptLabel.boxBottomRight] });
    expect(tokenCount({ points: [], box })).toBe(2);
  });

  it('points come before the box', () => {
    const prompts: ModelPrompts = { points, box: [1, 2, 9, 8] };
    expect(promptTokens(prompts).labels).toEqual([1, 0, promptLabel.boxTopLeft, promptLabel.boxBottomRight]);
    expect(tokenCount(prompts)).toBe(4);
  });
});

/** Random-Fourier features of a position in 0..1, by their formula. */
function fourier(x: number, y: number): number[] {
  const gaussian = tensors.get('prompt_encoder.pe_layer.positional_encoding_gaussian_matrix')!.data;
  const half = channels / 2;
  const angles = Array.from(
    { length: half },
    (_, i) => 2 * Math.PI * ((2 * x - 1) * gaussian[i] + (2 * y - 1) * gaussian[half + i]),
  );
  return [...angles.map(Math.sin), ...angles.map(Math.cos)];
}

it('every kind of token is its position plus its own embedding; padding has no position', async () => {
  const labels = [-1, 0, 1, 2, 3];
  const points = labels.flatMap((label) => [7 * label + 10, 50 - 9 * label]);
  const feeds = { points: tensorData([1, 5, 2], points), labels: tensorData([1, 5], labels) };
  const sparse = sparsePrompts(input('points', [1, 5, 2]), input('labels', [1, 5]), encoder, tinyConfig);
  const expected = labels.flatMap((label, token) => {
    if (label === -1) return learned('not_a_point_embed');
    const side = tinyConfig.imageSize;
    const position = fourier((points[2 * token] + 0.5) / side, (points[2 * token + 1] + 0.5) / side);
    return position.map((value, i) => value + learned(`point_embeddings.${label}`)[i]);
  });
  const { tokens } = await runWithOrt({ tokens: sparse }, feeds);
  expectClose(tokens, { shape: [1, 5, channels], data: expected }, 1e-5, 'tokens');
});

it('a cell of the grid is positioned by its centre', async () => {
  const { pe } = await runWithOrt({ pe: densePositions(encoder, tinyConfig) }, {});
  const [row, column] = [2, 5];
  const expected = fourier((column + 0.5) / 8, (row + 0.5) / 8);
  expected.forEach((value, channel) => expect(pe.data[(channel * 8 + row) * 8 + column]).toBeCloseTo(value, 5));
});

it('where there is no mask prompt, what stands in its place does not count', async () => {
  const masks = randomTensor(new Random(1), [2, 1, 32, 32]);
  const dense = densePrompts(input('masks', masks.shape), input('has', [2]), encoder);
  const { y } = await runWithOrt({ y: dense }, { masks, has: tensorData([2], [0, 1]) });
  const half = y.data.length / 2;
  const none = learned('no_mask_embed');
  expect([...y.data.subarray(0, half)]).toEqual(none.flatMap((value) => Array<number>(64).fill(value)));
  // With a mask it is no constant.
  expect(new Set(y.data.subarray(half, half + 64)).size).toBeGreaterThan(32);
});

describe('decoder', () => {
  const decode = async (embedding: TensorData, points: TensorData, labels: TensorData) => {
    const [batch, tokens] = labels.shape;
    const { masks, iou } = decodePrompts(model, input('image_embedding', embedding.shape), {
      points: input('points', [batch, tokens, 2]),
      labels: input('labels', [batch, tokens]),
      masks: input('mask_prompt', [batch, 1, 32, 32]),
      hasMask: input('has', [batch]),
    });
    const none = {
      mask_prompt: tensorData([batch, 1, 32, 32], new Float32Array(batch * 1024)),
      has: tensorData([batch], new Float32Array(batch)),
    };
    return runWithOrt({ masks, iou }, { image_embedding: embedding, points, labels, ...none });
  };
  const embedding = randomTensor(new Random(2), [1, channels, 8, 8]);

  it('does not care in which order prompts were given', async () => {
    const one = await decode(embedding, tensorData([1, 3, 2], [9, 12, 40, 33, 0, 0]), tensorData([1, 3], [1, 0, -1]));
    const other = await decode(embedding, tensorData([1, 3, 2], [40, 33, 9, 12, 0, 0]), tensorData([1, 3], [0, 1, -1]));
    expectClose(other.masks, one.masks, 1e-5, 'masks');
    expectClose(other.iou, one.iou, 1e-5, 'iou');
    const swapped = await decode(
      embedding,
      tensorData([1, 3, 2], [40, 33, 9, 12, 0, 0]),
      tensorData([1, 3], [1, 0, -1]),
    );
    expect(() => expectClose(swapped.masks, one.masks, 1e-5, 'masks')).toThrow();
  });

  it('answers each prompt of a batch on its own', async () => {
    const points = tensorData([2, 2, 2], [9, 12, 0, 0, 50, 20, 0, 0]);
    const twice = tensorData([2, channels, 8, 8], [...embedding.data, ...embedding.data]);
    const both = await decode(twice, points, tensorData([2, 2], [1, -1, 1, -1]));
    const second = await decode(embedding, tensorData([1, 2, 2], [50, 20, 0, 0]), tensorData([1, 2], [1, -1]));
    expect(both.masks.shape).toEqual([2, 4, 32, 32]);
    expectClose({ shape: [1, 4, 32, 32], data: both.masks.data.slice(4 * 1024) }, second.masks, 1e-5, 'masks');
    expectClose({ shape: [1, 4], data: both.iou.data.slice(4) }, second.iou, 1e-5, 'iou');
  });
});

it('a tensor that the model does not have is named', () => {
  expect(() => model.weights('image_encoder.blocks.9.norm1.weight')).toThrow(/no tensor image_encoder\.blocks\.9/);
});
