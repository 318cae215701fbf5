import { beforeAll, describe, expect, it } from 'vitest';
import { tensorData, type Tensor } from '../../../src/kernel/graph';
import { input, sub } from '../../../src/kernel/graph';
import {
  AdapterInspector,
  generatedChanges,
  readings,
  type ImageInspection,
  type PromptInspection,
} from '../../../src/kernel/inspection';
import { isLora } from '../../../src/kernel/medsa/options';
import { adapterSeams } from '../../../src/kernel/medsa/seams';
import { decodePrompts, encodeImages } from '../../../src/kernel/sam/sam';
import { bare } from '../../../src/kernel/sam/seams';
import { constantWeights } from '../../../src/kernel/sam/weights';
import { testExecutor } from '../../support/executor';
import { evaluate64, toFloat64, type Array64 } from '../../support/float64';
import { runWithOrt } from '../../support/ort';
import { expectClose } from '../../support/tensors';
import { goldensOf, one, type Goldens } from './parityModel';

/** The goldens' points as prompts: every one that is not padding. */
function promptsOf({ io }: Goldens, index: number) {
  const [points, labels] = [one(io.get('pts')!, index), one(io.get('lab')!, index)];
  return {
    points: [...labels.data].map((label, at) => ({
      x: points.data[2 * at],
      y: points.data[2 * at + 1],
      label: label as 0 | 1,
    })),
    box: null,
  };
}

describe('what is read of the decoder of the parity model', () => {
  let goldens: Goldens;
  let inspection: ImageInspection;
  let asked: PromptInspection;
  let other: PromptInspection;

  beforeAll(async () => {
    goldens = await goldensOf('tiny', 'medsa2d');
    const inspector = new AdapterInspector(goldens.model, await testExecutor());
    inspection = await inspector.inspectNormalised(one(goldens.io.get('image')!, 0));
    asked = await inspection.ask(promptsOf(goldens, 0));
    other = await inspection.ask({ points: [], box: [10, 20, 90, 100] });
  }, 60_000);

  it('comes with the golden answer', () => {
    const masks = asked.readings.get('low_res_masks')!;
    const side = masks.shape[3];
    const single = tensorData([1, 1, side, side], masks.data.slice(0, side * side));
    expectClose(single, one(goldens.io.get('low_res_masks')!, 0), 1e-4, 'masks');
    expect(asked.iou).toBeCloseTo(goldens.io.get('iou')!.data[0], 4);
  });

  it('HyP-Adpt’s weights are those that the prompt’s mean generates', () => {
    const { attached, config, options } = goldens.model;
    if (isLora(options)) throw new Error('adapters expected');
    const r = options.decoderBottleneck;
    const sparse = sparseEmbeddings(goldens, promptsOf(goldens, 0).points);
    const linear = (name: string, x: readonly number[]): number[] => {
      const [weight, bias] = [attached.get(`${name}.weight`)!.data, attached.get(`${name}.bias`)!.data];
      return [...bias].map((b, row) => x.reduce((sum, value, i) => sum + value * weight[row * x.length + i], b));
    };
    for (let layer = 0; layer < config.decoderDepth; layer++) {
      const name = `mask_decoder.layers.${layer}.prompt_adapter`;
      const reduced = sparse.map((token) => linear(`${name}.reduce`, token));
      const mean = reduced[0].map((_, i) => reduced.reduce((sum, token) => sum + token[i], 0) / reduced.length);
      for (let i = 0; i < 3; i++) {
        const expected = { shape: [1, r, r], data: linear(`${name}.project.${i}`, mean) };
        expectClose(asked.readings.get(readings.generated(name, i))!, expected, 1e-5, `${name} W_${i}`);
      }
    }
  });

  it('two prompts generate other weights, by so much', () => {
    const changes = generatedChanges(asked, other);
    expect(changes.length).toBe(6);
    for (const { name, difference, change } of changes) {
      const [a, b] = [asked.readings.get(name)!.data, other.readings.get(name)!.data];
      expect([...difference.data]).toEqual([...b].map((value, i) => Math.fround(value - a[i])));
      expect(change).toBeCloseTo(Math.hypot(...difference.data) / Math.hypot(...a), 6);
      expect(change).toBeGreaterThan(0.01);
    }
    expect(generatedChanges(asked, asked).every(({ change }) => change === 0)).toBe(true);
  });

  it('every adapter adds what lies between the two sides of its seam, in float64', async () => {
    const embedding = (await inspection.tensors()).get('embedding.0')!;
    const sides = decoderSides(goldens, embedding.shape);
    const feeds: Record<string, Array64> = {
      embedding: toFloat64(embedding),
      points: toFloat64(tensorData([1, 2, 2], [...one(goldens.io.get('pts')!, 0).data.slice(0, 2), 0, 0])),
      labels: toFloat64(tensorData([1, 2], [1, -1])),
    };
    const [point] = promptsOf(goldens, 0).points;
    const here = await inspection.ask({ points: [{ ...point, label: 1 }], box: null });
    expect([...sides.keys()].sort()).toEqual([...here.attachments].sort());
    for (const [name, { base, addition }] of sides) {
      const [added, whole] = evaluate64([addition, base], feeds);
      const channels = added.shape[2];
      const tokens = added.data.length / channels;
      const norms = Array.from({ length: tokens }, (_, token) =>
        Math.hypot(...added.data.subarray(token * channels, (token + 1) * channels)),
      );
      const read = here.readings.get(readings.addition(name))!;
      // The image's tokens lie on the grid, the decoder's own in a row.
      expect(read.shape.length).toBe(name.endsWith('image_adapter') ? 3 : 2);
      expectClose(read, { shape: read.shape, data: norms }, 5e-5, name);
      const share = Math.hypot(...added.data) / Math.hypot(...whole.data);
      expectClose(here.readings.get(readings.share(name))!, { shape: [1], data: [share] }, 1e-5, `${name} share`);
      expect(inspection.promptChannels(here, name).addition).toBe(channels);
      for (const channel of [0, channels - 1]) {
        const single = await inspection.promptChannel(here, name, 'addition', channel);
        const data = Array.from({ length: tokens }, (_, token) => added.data[token * channels + channel]);
        expectClose(single, { shape: read.shape, data }, 5e-5, `${name} channel ${channel}`);
      }
    }
  }, 60_000);

  it('the units of a bottleneck make up its norm, one by one; there are no others', async () => {
    for (const name of asked.attachments) {
      const { hidden } = inspection.promptChannels(asked, name);
      const norms = asked.readings.get(readings.hidden(name))!;
      const squares = new Float64Array(norms.data.length);
      for (let unit = 0; unit < hidden; unit++) {
        const { shape, data } = await inspection.promptChannel(asked, name, 'hidden', unit);
        expect(shape).toEqual(norms.shape);
        data.forEach((value, at) => (squares[at] += value * value));
      }
      expectClose(norms, { shape: norms.shape, data: [...squares].map(Math.sqrt) }, 1e-5, name);
      await expect(inspection.promptChannel(asked, name, 'hidden', hidden)).rejects.toThrow(/channels 0 to/);
    }
    await expect(inspection.promptChannel(asked, 'nothing', 'hidden', 0)).rejects.toThrow(/attached to the decoder/);
  }, 60_000);

  it('the frozen SAM beside it is SAM', async () => {
    const compared = await inspection.compareFrozen(asked);
    const { frozen, config } = goldens.model;
    const plain = { config, weights: constantWeights(frozen), seams: bare };
    const image = one(goldens.io.get('image')!, 0);
    const x = input('image', image.shape);
    const embedding = encodeImages(plain, x);
    const tokens = asked.prompts.points.length + 1;
    const { masks } = decodePrompts(plain, embedding, {
      points: input('points', [1, tokens, 2]),
      labels: input('labels', [1, tokens]),
    });
    const expected = await runWithOrt(
      { embedding, masks },
      {
        image,
        points: tensorData([1, tokens, 2], [...asked.prompts.points.flatMap(({ x, y }) => [x, y]), 0, 0]),
        labels: tensorData([1, tokens], [...asked.prompts.points.map(({ label }) => label), -1]),
      },
    );
    expectClose(compared.lowResMasks, expected.masks, 1e-4, 'frozen masks');
    const adapted = (await inspection.tensors()).get('embedding.0')!;
    const [, channels, height, width] = adapted.shape;
    const cells = height * width;
    const difference = Array.from({ length: cells }, (_, cell) =>
      Math.hypot(
        ...Array.from({ length: channels }, (_, c) => {
          return adapted.data[c * cells + cell] - expected.embedding.data[c * cells + cell];
        }),
      ),
    );
    expectClose(compared.embeddingDifference, { shape: [1, height, width], data: difference }, 1e-4, 'difference');
    expect(compared.embeddingChange).toBeCloseTo(Math.hypot(...difference) / Math.hypot(...expected.embedding.data), 4);
    expect(compared.dice).toBeLessThan(1);
  });

  it('refuses prompts outside of the image, and slices that are not there', async () => {
    await expect(inspection.ask({ points: [{ x: 500, y: 1, label: 1 }], box: null })).rejects.toThrow(/outside/);
    expect(() => inspection.ask(asked.prompts, 1)).toThrow(/slices 0 to 0/);
  });
});

/** What the decoder's seams are given and what they return, from outside of them. */
function decoderSides({ model }: Goldens, embedding: readonly number[]) {
  const sides = new Map<string, { readonly base: Tensor; readonly addition: Tensor }>();
  const { options, config } = model;
  if (isLora(options)) throw new Error('adapters expected');
  const weights = constantWeights(new Map([...model.frozen, ...model.attached]));
  const seams = adapterSeams(weights, options);
  const keep = (name: string, base: Tensor, whole: Tensor): Tensor => {
    sides.set(name, { base, addition: sub(whole, base) });
    return whole;
  };
  const watched = {
    ...seams,
    decoderLayer: (index: number) => {
      const own = seams.decoderLayer(index);
      const layer = `mask_decoder.layers.${index}`;
      return {
        ...own,
        tokens: (q: Tensor, p: Tensor) => keep(`${layer}.prompt_adapter`, q, own.tokens(q, p)),
        image: (keys: Tensor) => keep(`${layer}.image_adapter`, keys, own.image(keys)),
        mlp: (q: Tensor, mlp: (x: Tensor) => Tensor) => {
          let base: Tensor | null = null;
          const whole = own.mlp(q, (x) => (base = mlp(x)));
          return keep(`${layer}.mlp_adapter`, base!, whole);
        },
      };
    },
  };
  decodePrompts({ config, weights, seams: watched }, input('embedding', embedding), {
    points: input('points', [1, 2, 2]),
    labels: input('labels', [1, 2]),
  });
  return sides;
}

/** Sparse prompt embeddings of points and the padding token behind them, by definition (med-sa.md, section 1). */
function sparseEmbeddings(
  { model }: Goldens,
  points: readonly { readonly x: number; readonly y: number; readonly label: 0 | 1 }[],
): number[][] {
  const tensor = (name: string): Float32Array => model.frozen.get(`prompt_encoder.${name}`)!.data;
  const gaussian = tensor('pe_layer.positional_encoding_gaussian_matrix');
  const half = gaussian.length / 2;
  const { imageSize } = model.config;
  const embedded = points.map(({ x, y, label }) => {
    const [u, v] = [x, y].map((place) => (2 * (place + 0.5)) / imageSize - 1);
    const angles = Array.from({ length: half }, (_, i) => 2 * Math.PI * (u * gaussian[i] + v * gaussian[half + i]));
    const learned = tensor(`point_embeddings.${label}.weight`);
    return [...angles.map(Math.sin), ...angles.map(Math.cos)].map((value, i) => value + learned[i]);
  });
  return [...embedded, [...tensor('not_a_point_embed.weight')]];
}
