import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/kernel/checkpoints';
import { tensorData } from '../../src/kernel/graph';
import { createLocalExecutor } from '../../src/kernel/runtime/localExecutor';
import { checkParity, type ParityRow } from '../../src/kernel/training/parity';
import { projectRoot } from '../support/projectRoot';
import { temporaryFolder } from '../support/temporaryFolder';

const tiny = path.join(projectRoot, 'test', 'fixtures', 'parity', 'tiny');

async function check(folder: string): Promise<ParityRow[]> {
  const executor = await createLocalExecutor({ device: 'cpu', threads: 1 });
  try {
    return await checkParity(folder, executor);
  } finally {
    await executor.dispose();
  }
}

/** A folder with some of the goldens. */
function copyOf(prefixes: readonly string[], name: string): string {
  const folder = temporaryFolder(name);
  for (const file of fs.readdirSync(tiny)) {
    if (['config', ...prefixes].some((prefix) => file.startsWith(prefix))) {
      fs.copyFileSync(path.join(tiny, file), path.join(folder, file));
    }
  }
  return folder;
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
