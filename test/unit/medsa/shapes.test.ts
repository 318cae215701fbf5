import { expect, it } from 'vitest';
import { Random } from '../../../src/kernel/datasets';
import { sizeOf } from '../../../src/kernel/graph';
import { initialAdapters } from '../../../src/kernel/medsa/initialise';
import { defaultAdapters } from '../../../src/kernel/medsa/options';
import { adapterShapes } from '../../../src/kernel/medsa/shapes';
import { samConfigs } from '../../../src/kernel/sam/config';
import { samShapes, type ShapeTable } from '../../../src/kernel/sam/shapes';

const count = (shapes: ShapeTable, part = ''): number =>
  [...shapes].reduce((sum, [name, shape]) => sum + (name.includes(part) ? sizeOf(shape) : 0), 0);

it('ViT-H gets the 13.2 M of the paper in its encoder, 2 % of the model', () => {
  const config = samConfigs.vit_h;
  const shapes = adapterShapes(config, defaultAdapters(config));
  // 32 blocks × 2 adapters × (1280·80 + 80 + 80·1280 + 1280)
  expect(count(shapes, 'image_encoder')).toBe(32 * 2 * (2 * 1280 * 80 + 80 + 1280));
  expect(count(shapes, 'image_encoder') / 1e6).toBeCloseTo(13.2, 1);
  expect(count(shapes) / count(samShapes(config))).toBeLessThan(0.025);
});

it('every adapter has the name that checkpoints know it by', () => {
  const options = { ...defaultAdapters(samConfigs.vit_b), slices: 8 };
  const names = [...adapterShapes(samConfigs.vit_b, options).keys()];
  const kinds = new Set(names.map((name) => name.replace(/\d+/, '{i}')));
  const linear = (name: string): string[] => [`${name}.weight`, `${name}.bias`];
  const bottleneck = (name: string): string[] => [...linear(`${name}.down`), ...linear(`${name}.up`)];
  const prompt = 'mask_decoder.layers.{i}.prompt_adapter';
  expect([...kinds].sort()).toEqual(
    [
      ...['space_adapter', 'mlp_adapter', 'depth_adapter'].flatMap((kind) =>
        bottleneck(`image_encoder.blocks.{i}.${kind}`),
      ),
      ...bottleneck(prompt),
      ...linear(`${prompt}.reduce`),
      ...[0, 1, 2].flatMap((step) => [...linear(`${prompt}.project.${step}`), ...linear(`${prompt}.norm.${step}`)]),
      ...['mlp_adapter', 'image_adapter'].flatMap((kind) => bottleneck(`mask_decoder.layers.{i}.${kind}`)),
    ].sort(),
  );
});

it('without a prompt adapter or a depth branch there are no tensors for them', () => {
  const options = { ...defaultAdapters(samConfigs.phantom), prompt: 'none' } as const;
  const names = [...adapterShapes(samConfigs.phantom, options).keys()];
  expect(names.filter((name) => /prompt_adapter|depth_adapter/.test(name))).toEqual([]);
});

it('adapters begin with an up that is zero, norms of one, and everything else small', () => {
  const shapes = adapterShapes(samConfigs.phantom, { ...defaultAdapters(samConfigs.phantom), slices: 3 });
  for (const [name, { data }] of initialAdapters(shapes, new Random(1))) {
    const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    if (name.endsWith('.up.weight') || name.endsWith('.bias')) expect(largest, name).toBe(0);
    else if (/norm\.\d\.weight$/.test(name))
      expect([...data], name).toEqual(data.length > 0 ? [...data].map(() => 1) : []);
    else {
      expect(largest, name).toBeGreaterThan(0);
      expect(largest, name).toBeLessThan(1);
    }
  }
});
