import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/kernel/datasets';
import { input, tensorData, type TensorData } from '../../../src/kernel/graph';
import { defaultAdapters } from '../../../src/kernel/medsa/options';
import { attachedSeams } from '../../../src/kernel/medsa/attachment';
import { promptBatches } from '../../../src/kernel/sam/promptBatches';
import type { ModelPrompts } from '../../../src/kernel/sam/promptTokens';
import { decodePrompts } from '../../../src/kernel/sam/sam';
import { constantWeights } from '../../../src/kernel/sam/weights';
import { runWithOrt } from '../../support/ort';
import { expectClose, randomTensor } from '../../support/tensors';
import { tinyConfig, tinyTensors } from '../../support/tinyModel';
import { randomAttachment } from '../medsa/adaptedModel';

const point = (x: number, y: number, label: 0 | 1 = 1) => ({ x, y, label });
const sets: ModelPrompts[] = [
  { points: [point(10, 20)], box: null },
  { points: [point(5, 6), point(40, 50, 0), point(30, 12)], box: null },
  { points: [], box: [3, 4, 50, 60] },
  { points: [point(33, 9)], box: null },
  { points: [point(20, 20), point(50, 3, 0)], box: [1, 2, 60, 40] },
];

describe('prompt sets of a batch', () => {
  it('with as many tokens share a run, whatever they are made of; none is padded', () => {
    const batches = promptBatches(sets);
    expect(batches.map(({ members }) => members)).toEqual([
      [0, 2, 3],
      [1, 4],
    ]);
    expect(batches.map(({ labels }) => labels.shape)).toEqual([
      [3, 2],
      [2, 4],
    ]);
    expect([...batches[0].labels.data]).toEqual([1, -1, 2, 3, 1, -1]);
    expect([...batches[0].points.data.slice(4, 8)]).toEqual([3, 4, 50, 60]);
  });

  it('none: no run', () => expect(promptBatches([])).toEqual([]));
});

describe('masks of a batch of images with different numbers of prompts', () => {
  const adapters = defaultAdapters(tinyConfig);
  const weights = constantWeights(new Map([...tinyTensors(), ...randomAttachment(tinyConfig, adapters)]));
  const model = { config: tinyConfig, weights, seams: attachedSeams(weights, adapters) };
  const embeddings = randomTensor(new Random(3), [sets.length, 16, 8, 8]);
  const rows = (places: readonly number[]): TensorData =>
    tensorData(
      [places.length, 16, 8, 8],
      Float32Array.from(places.flatMap((place) => [...embeddings.data.slice(place * 1024, (place + 1) * 1024)])),
    );

  async function decode(embedding: TensorData, points: TensorData, labels: TensorData): Promise<TensorData> {
    const [batch] = embedding.shape;
    const outputs = decodePrompts(model, input('embedding', embedding.shape), {
      points: input('points', points.shape),
      labels: input('labels', labels.shape),
      masks: input('previous', [batch, 1, 32, 32]),
      hasMask: input('has', [batch]),
    });
    const previous = tensorData([batch, 1, 32, 32], new Float32Array(batch * 1024));
    const has = tensorData([batch], new Float32Array(batch));
    return (await runWithOrt({ masks: outputs.masks }, { embedding, points, labels, previous, has })).masks;
  }

  it('are each what the image gets alone', async () => {
    for (const batch of promptBatches(sets)) {
      const together = await decode(rows(batch.members), batch.points, batch.labels);
      for (const [row, place] of batch.members.entries()) {
        const [alone] = promptBatches([sets[place]]);
        const single = await decode(rows([place]), alone.points, alone.labels);
        const own = tensorData(single.shape, together.data.slice(row * 4096, (row + 1) * 4096));
        expectClose(own, single, 1e-5, `image ${place}`);
      }
    }
  });

  it('would be others if "not a point" tokens filled them up to one length: that is why nothing does', async () => {
    const [{ points, labels }] = promptBatches([sets[0]]);
    const alone = await decode(rows([0]), points, labels);
    const filled = await decode(
      rows([0]),
      tensorData([1, 4, 2], [...points.data, 0, 0, 0, 0]),
      tensorData([1, 4], [...labels.data, -1, -1]),
    );
    expect(() => expectClose(filled, alone, 1e-3, 'masks')).toThrow();
  });
});
