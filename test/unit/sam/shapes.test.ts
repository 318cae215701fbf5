import path from 'node:path';
import { expect, it } from 'vitest';
import { readTensors } from '../../../src/kernel/checkpoints';
import { sizeOf } from '../../../src/kernel/graph';
import { samConfigs, type SamConfig } from '../../../src/kernel/sam/config';
import { samShapes, type ShapeTable } from '../../../src/kernel/sam/shapes';
import { ParityFolder } from '../../../src/kernel/training/parity/folder';
import { projectRoot } from '../../support/projectRoot';

const tiny = path.join(projectRoot, 'test', 'fixtures', 'parity', 'tiny');

const count = (shapes: ShapeTable, prefix = ''): number =>
  [...shapes].reduce((sum, [name, shape]) => sum + (name.startsWith(prefix) ? sizeOf(shape) : 0), 0);

it('names what a checkpoint of the reference holds, tensor by tensor', async () => {
  const { config } = await ParityFolder.open(tiny);
  const { tensors } = await readTensors(path.join(tiny, 'sam.pth'));
  const held = [...tensors].map(([name, { shape }]) => `${name} ${shape.join('×')}`);
  const stated = [...samShapes(config.sam)].map(([name, shape]) => `${name} ${shape.join('×')}`);
  expect(stated.sort()).toEqual(held.sort());
});

// The published checkpoints: 93.7 M, 312.3 M and 641.1 M parameters, and the 2×128 random projection of positions.
it.each([
  ['vit_b', 93_735_472],
  ['vit_l', 312_342_832],
  ['vit_h', 641_090_608],
] as const)('%s has the published number of parameters', (name, parameters) => {
  expect(count(samShapes(samConfigs[name])) - 2 * 128).toBe(parameters);
});

it('the embedded model fits a notebook', () => {
  const parameters = count(samShapes(samConfigs.phantom));
  expect(parameters).toBeGreaterThan(3e6);
  expect(parameters).toBeLessThan(6e6);
});

it('positions are sized by the grid where attention is global and by the window elsewhere', () => {
  const odd: SamConfig = { ...samConfigs.phantom, imageSize: 56, windowSize: 4, depth: 2, globalAttention: [1] };
  const shapes = samShapes(odd);
  expect(shapes.get('image_encoder.pos_embed')).toEqual([1, 7, 7, 192]);
  expect(shapes.get('image_encoder.blocks.0.attn.rel_pos_h')).toEqual([7, 32]);
  expect(shapes.get('image_encoder.blocks.1.attn.rel_pos_w')).toEqual([13, 32]);
});
