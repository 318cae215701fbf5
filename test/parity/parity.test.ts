import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/kernel/checkpoints';
import { tensorData } from '../../src/kernel/graph';
import { createLocalExecutor } from '../../src/kernel/runtime/localExecutor';
import { checkParity, type ParityRow } from '../../src/kernel/training/parity';
import { projectRoot } from '../support/projectRoot';
import { temporaryFolder } from '../support/temporaryFolder';

const goldens = (name: string): string => path.join(projectRoot, 'test', 'fixtures', 'parity', name);
const tiny = goldens('tiny');

async function check(folder: string): Promise<ParityRow[]> {
  const executor = await createLocalExecutor({ device: 'cpu', threads: 1 });
  try {
    return await checkParity(folder, executor);
  } finally {
    await executor.dispose();
  }
}

/** A folder with some of the goldens. */
function copyOf(prefixes: readonly string[], name: string, from = tiny): string {
  const folder = temporaryFolder(name);
  for (const file of fs.readdirSync(from)) {
    if (['config', ...prefixes].some((prefix) => file.startsWith(prefix))) {
      fs.copyFileSync(path.join(from, file), path.join(folder, file));
    }
  }
  return folder;
}

/** Changes entries of a folder's config.json; undefined takes one out. */
function configure(folder: string, changed: Record<string, unknown>): void {
  const file = path.join(folder, 'config.json');
  const config = JSON.parse(fs.readFileSync(file, 'utf8')) as Record<string, unknown>;
  fs.writeFileSync(file, JSON.stringify({ ...config, ...changed }));
}

/** Adds to one entry of one tensor. */
async function spoil(file: string, tensor: string, change: number): Promise<void> {
  const { tensors } = await readSafetensors(file);
  const { shape, data } = tensors.get(tensor)!;
  const spoilt = Float32Array.from(data);
  spoilt[0] += change;
  await writeSafetensors(file, tensors.set(tensor, tensorData(shape, spoilt)));
}

const missed = (rows: readonly ParityRow[]): string[] => rows.filter(({ holds }) => !holds).map(({ group }) => group);

describe('parity with an independent PyTorch implementation', () => {
  it('holds for every group of goldens', async () => {
    const rows = await check(tiny);
    expect(rows.map(({ group }) => group)).toEqual([
      'checkpoint .pth = .safetensors',
      'sam encoder',
      'sam decoder point1',
      'sam post-processing',
      'sam decoder points3',
      'sam decoder box',
      'sam decoder point_box',
      'sam decoder point_mask',
      'medsa2d outputs',
      'medsa2d gradients',
      'medsa3d outputs',
      'medsa3d gradients',
      'adamw losses',
      'adamw parameters',
    ]);
    expect(missed(rows), JSON.stringify(rows, null, 1)).toEqual([]);
  });

  const sam = [
    'sam encoder',
    ...['point1', 'points3', 'box', 'point_box', 'point_mask'].map((k) => `sam decoder ${k}`),
  ];
  it.each([
    // An odd grid whose windows do not divide it, padded as SAM pads; objects with different numbers of prompts; LoRA.
    ['odd', [...sam, 'sam post-processing', 'sam decoder mixed', 'lora outputs', 'lora gradients']],
    // One block, prompts added to the tokens.
    ['add', ['medsa2d outputs', 'medsa2d gradients', 'adamw losses', 'adamw parameters']],
    // Three blocks, prompts concatenated.
    ['concat', ['medsa2d outputs', 'medsa2d gradients']],
    // The authors' released variant; six slices fold to 2×3.
    ['released', ['medsa3d outputs', 'medsa3d gradients']],
  ])('holds for another configuration: %s', async (name, groups) => {
    const rows = await check(goldens(name));
    expect(rows.map(({ group }) => group).sort()).toEqual([...groups].sort());
    expect(missed(rows), JSON.stringify(rows, null, 1)).toEqual([]);
  });

  it.each<[string, string, Record<string, unknown>]>([
    ['add', 'the padding order', { padding: 'before-norm' }],
    ['add', 'the scale', { scale: 0.25 }],
    ['released', 'the variant', { variant: 'paper', prompt: 'none' }],
    ['odd', 'α', { lora: { rank: 3, alpha: 3, decoder: true } }],
    ['odd', 'the place of LoRA', { lora: { rank: 3, alpha: 6, decoder: false } }],
  ])('misses on %s when %s is another', async (name, _, changed) => {
    const folder = copyOf(['medsa', 'lora', 'sam.safetensors'], `configured-${name}`, goldens(name));
    configure(folder, changed);
    const outcome = check(folder).then(missed, (error: Error) => [error.message]);
    expect((await outcome).length).toBeGreaterThan(0);
  });

  it('goes without gradients where a large model has none, but not without some of them', async () => {
    const folder = copyOf(['medsa2d', 'sam.safetensors'], 'forward', goldens('concat'));
    const file = path.join(folder, 'medsa2d_io.safetensors');
    const { tensors } = await readSafetensors(file);
    const gradients = [...tensors].filter(([name]) => name.startsWith('grad.'));
    for (const [name] of gradients) tensors.delete(name);
    await writeSafetensors(file, tensors);
    expect((await check(folder)).map(({ group }) => group)).toEqual(['medsa2d outputs']);
    await writeSafetensors(file, tensors.set(...gradients[0]));
    await expect(check(folder)).rejects.toThrow(/the goldens have no tensor grad\./);
  });

  it('says that the options of LoRA are missing', async () => {
    const folder = copyOf(['lora', 'sam.safetensors'], 'no-options', goldens('odd'));
    configure(folder, { lora: undefined });
    await expect(check(folder)).rejects.toThrow(/holds goldens of lora, and its config\.json none of its options/);
  });

  it('compares every adapter tensor, under both losses', async () => {
    const { tensors } = await readSafetensors(path.join(tiny, 'medsa3d_adapters.safetensors'));
    const rows = await check(copyOf(['medsa3d'], 'adapters'));
    expect(rows.find(({ group }) => group === 'medsa3d gradients')!.tensors).toBe(2 * tensors.size);
  });

  it('misses when one adapter weight is another', async () => {
    const folder = copyOf(['medsa2d'], 'spoilt-adapter');
    const file = path.join(folder, 'medsa2d_adapters.safetensors');
    await spoil(file, 'image_encoder.blocks.0.space_adapter.up.bias', 0.1);
    expect(missed(await check(folder))).toEqual(['medsa2d outputs', 'medsa2d gradients']);
  });

  it('misses when one golden gradient is another, and names it', async () => {
    const folder = copyOf(['medsa2d'], 'spoilt-gradient');
    const name = 'grad.dice_ce.mask_decoder.layers.0.image_adapter.up.bias';
    await spoil(path.join(folder, 'medsa2d_io.safetensors'), name, 1);
    const miss = (await check(folder)).find(({ holds }) => !holds);
    expect(miss).toMatchObject({ group: 'medsa2d gradients', worstTensor: name });
  });

  it('misses when the two checkpoint formats differ in one bit', async () => {
    const folder = copyOf(['sam'], 'spoilt-format');
    await spoil(path.join(folder, 'sam.safetensors'), 'mask_decoder.iou_token.weight', 1e-6);
    expect(missed(await check(folder))).toEqual(['checkpoint .pth = .safetensors']);
  });

  it('names the golden that a folder lacks', async () => {
    const folder = copyOf(['medsa2d'], 'lacking');
    const file = path.join(folder, 'medsa2d_io.safetensors');
    const { tensors } = await readSafetensors(file);
    tensors.delete('target');
    await writeSafetensors(file, tensors);
    await expect(check(folder)).rejects.toThrow(/the goldens have no tensor target/);
  });

  it('tells when a folder holds no goldens', async () => {
    await expect(check(temporaryFolder('nothing'))).rejects.toThrow(
      /no parity goldens in .*config\.json cannot be read/,
    );
    await expect(check(copyOf([], 'config-only'))).rejects.toThrow(/has no goldens: expected sam_io/);
  });
});
