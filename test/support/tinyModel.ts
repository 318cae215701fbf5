// A SAM small enough that a test trains it in a second, and pictures for it.
import fs from 'node:fs';
import path from 'node:path';
import { writeSafetensors } from '../../src/kernel/checkpoints';
import { Random } from '../../src/kernel/datasets';
import type { TensorData } from '../../src/kernel/graph';
import { initialSam } from '../../src/kernel/medsa/initialise';
import type { SamConfig } from '../../src/kernel/sam/config';
import { samShapes } from '../../src/kernel/sam/shapes';
import { drawDiscs, writeImage, writeMask } from './drawnImage';

/** Grid 8 and window 3: the last windows are padded. Block 0 attends in windows, block 1 globally. 35 k parameters. */
export const tinyConfig: SamConfig = {
  name: 'tiny',
  imageSize: 64,
  patchSize: 8,
  windowSize: 3,
  embedDim: 24,
  depth: 2,
  heads: 2,
  globalAttention: [1],
  outChannels: 16,
  decoderDepth: 2,
  decoderHeads: 2,
  decoderMlpDim: 32,
  iouHeadDepth: 3,
  iouHeadHidden: 16,
  maskInChannels: 16,
};

/** Random weights; relative positions too, which a model from nothing begins without. */
export function tinyTensors(seed = 1, config: SamConfig = tinyConfig): Map<string, TensorData> {
  const random = new Random(seed);
  const tensors = initialSam(samShapes(config), random);
  for (const [name, { data }] of tensors) {
    if (/rel_pos_[hw]$/.test(name)) data.forEach((_, index) => (data[index] = 0.1 * random.normal()));
  }
  return tensors;
}

/** Writes a tiny SAM as a model file of the product's own format. */
export async function writeTinyModel(file: string, seed = 1, config: SamConfig = tinyConfig): Promise<void> {
  const metadata = { format: 'med-sa-model', version: '1', config: JSON.stringify(config) };
  await writeSafetensors(file, tinyTensors(seed, config), metadata);
}

/**
 * Writes a data set of the layout `pairs`: grey pictures of 60×48 pixels with a bright disc, its mask, and a group
 * (`subject-0`, …) for every two pictures. A contrast below 1 makes them faint.
 */
export async function drawTinyPairs(folder: string, count: number, { contrast = 1 } = {}): Promise<void> {
  fs.mkdirSync(folder, { recursive: true });
  const random = new Random(7);
  const lines = ['image,mask,group'];
  for (let index = 0; index < count; index++) {
    const radius = random.uniform(7, 12);
    const disc = { x: random.uniform(14, 46), y: random.uniform(14, 34), radius, level: 190 };
    const drawn = drawDiscs(60, 48, [disc]);
    const pixels = drawn.pixels.map((level) => 128 + contrast * (level - 128));
    await writeImage({ ...drawn, pixels }, path.join(folder, `image-${index}.png`));
    await writeMask(drawn, path.join(folder, `mask-${index}.png`));
    lines.push(`image-${index}.png,mask-${index}.png,subject-${Math.floor(index / 2)}`);
  }
  fs.writeFileSync(path.join(folder, 'pairs.csv'), lines.join('\n') + '\n');
}
