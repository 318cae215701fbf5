import { beforeAll, describe, expect, it } from 'vitest';
import type { TensorData } from '../../../src/kernel/graph';
import { AdapterInspector, blockReadings, readings, type ImageInspection } from '../../../src/kernel/inspection';
import { isLora } from '../../../src/kernel/medsa/options';
import { testExecutor } from '../../support/executor';
import { expectClose } from '../../support/tensors';
import type { Token } from '../sam/referenceEncoder';
import { AdaptedReference, type ReferenceReadings } from './adaptedReference';
import { goldensOf, one } from './parityModel';

const norm = (values: Token): number => Math.sqrt(values.reduce((total, value) => total + value * value, 0));
const minus = (a: Token, b: Token): number[] => a.map((value, entry) => value - b[entry]);

describe.each([
  ['medsa2d', 1],
  ['medsa3d', 5],
] as const)('what is read of the encoder of the parity model %s', (set, slices) => {
  let reference: ReferenceReadings;
  let inspection: ImageInspection;
  let golden: TensorData;
  let side: number;

  beforeAll(async () => {
    const { model, io } = await goldensOf('tiny', set);
    const image = slices === 1 ? one(io.get('image')!, 0) : io.get('image')!;
    expect(image.shape[0]).toBe(slices);
    golden = slices === 1 ? one(io.get('embedding')!, 0) : io.get('embedding')!;
    side = model.config.imageSize / model.config.patchSize;
    if (isLora(model.options)) throw new Error('adapters expected');
    const tensors = new Map([...model.frozen, ...model.attached]);
    reference = new AdaptedReference(tensors, model.config, model.options).read(image);
    inspection = await new AdapterInspector(model, await testExecutor()).inspectNormalised(image);
  }, 120_000);

  const close = (actual: TensorData, shape: readonly number[], data: readonly number[], what: string) =>
    expectClose(actual, { shape, data }, 2e-5, what);
  const perToken = (tokens: readonly Token[][], value: (token: Token, index: number, slice: number) => number) =>
    tokens.flatMap((slice, at) => slice.map((token, index) => value(token, index, at)));

  it('is of the pass that the goldens are of', async () => {
    close({ ...golden }, golden.shape, reference.embeddings.flat(), 'the reference’s own embedding');
    const all = await inspection.tensors();
    const embeddings = Array.from({ length: slices }, (_, slice) => [...all.get(`embedding.${slice}`)!.data]);
    close(golden, golden.shape, embeddings.flat(), 'embedding');
  });

  it('has every adapter of every block', () => {
    expect([...inspection.attachments].sort()).toEqual([...reference.adapters.keys()].sort());
    expect(inspection.attachments.length).toBe(slices === 1 ? 8 : 12);
  });

  it('activation maps: norms over channels of the addition and of the bottleneck', () => {
    for (const [name, { addition, hidden }] of reference.adapters) {
      const shape = [slices, side, side];
      close(inspection.reading(readings.addition(name)), shape, perToken(addition, norm), name);
      close(inspection.reading(readings.hidden(name)), shape, perToken(hidden, norm), name);
    }
  });

  it('single channels', async () => {
    for (const name of [...reference.adapters.keys()].slice(-3)) {
      const { addition, hidden } = reference.adapters.get(name)!;
      const shape = [slices, side, side];
      const last = inspection.channels(name, 'addition') - 1;
      expect(last).toBe(addition[0][0].length - 1);
      const added = await inspection.channel(name, 'addition', last);
      close(
        added,
        shape,
        perToken(addition, (token) => token[last]),
        `${name} addition ${last}`,
      );
      const unit = await inspection.channel(name, 'hidden', 2);
      close(
        unit,
        shape,
        perToken(hidden, (token) => token[2]),
        `${name} hidden 2`,
      );
    }
    await expect(inspection.channel(inspection.attachments[0], 'hidden', 999)).rejects.toThrow(/0 to 7, not 999/);
  });

  it('shares: the addition’s norm relative to that of what it is added to', () => {
    for (const [name, { addition, base }] of reference.adapters) {
      const shares = addition.map((tokens, slice) => norm(tokens.flat()) / norm(base[slice].flat()));
      close(inspection.reading(readings.share(name)), [slices], shares, name);
    }
  });

  it('how often each unit is active', () => {
    for (const [name, { hidden }] of reference.adapters) {
      const tokens = hidden.flat();
      const active = tokens[0].map((_, unit) => tokens.filter((token) => token[unit] > 0).length / tokens.length);
      close(inspection.reading(readings.active(name)), [active.length], active, name);
    }
  });

  it('the difference that a block’s adapters make to its output', () => {
    reference.blocks.forEach(({ output, frozen }, index) => {
      const block = inspection.blocks[index];
      const difference = perToken(output, (token, at, slice) => norm(minus(token, frozen[slice][at])));
      close(inspection.reading(blockReadings.difference(block)), [slices, side, side], difference, block);
      const change = output.map((tokens, slice) => {
        const frozenTokens = frozen[slice].flat();
        return norm(minus(tokens.flat(), frozenTokens)) / norm(frozenTokens);
      });
      close(inspection.reading(blockReadings.change(block)), [slices], change, block);
    });
  });

  it('what the executor has lost is computed again', async () => {
    const [name] = inspection.attachments;
    const before = await inspection.channel(name, 'hidden', 1);
    const held = inspection['held'];
    for (const tensor of Object.values(held)) await inspection.inspector.executor.free(tensor);
    expect((await inspection.channel(name, 'hidden', 1)).data).toEqual(before.data);
    expect(inspection['held']).not.toBe(held);
  });

  it.runIf(slices > 1)('the depth branch’s attention along the slices', async () => {
    for (const [name, weights] of reference.attention) {
      const { heads } = inspection;
      const means: number[] = [];
      for (let head = 0; head < heads; head++) {
        for (let from = 0; from < slices; from++) {
          for (let to = 0; to < slices; to++) {
            means.push(weights.reduce((total, here) => total + here[from][head][to], 0) / weights.length);
          }
        }
      }
      close(inspection.reading(readings.sliceAttention(name)), [heads, slices, slices], means, name);
      const here = weights.map((position) => {
        return position[1].reduce((total, row) => total + row[3], 0) / heads;
      });
      close(await inspection.sliceWeight(name, 1, 3), [1, side, side], here, `${name}, slice 1 on slice 3`);
    }
    expect(reference.attention.size).toBe(4);
  });
});
