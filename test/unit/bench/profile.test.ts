import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { compile, input, matMul, relu, tensorData } from '../../../src/kernel/graph';
import { createLocalExecutor } from '../../../src/kernel/runtime/localExecutor';
import { readProfile } from '../../bench/profile';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'med-sa-profile-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('the profile of a program tells what its kernels took, within what its runs took', async () => {
  const executor = await createLocalExecutor({ device: 'cpu', threads: 1, profile: path.join(folder, 'p') });
  const x = input('x', [96, 96]);
  const loaded = await executor.load(compile('product', { y: relu(matMul(x, x)) }));
  const feeds = { x: tensorData([96, 96], new Float32Array(96 * 96).fill(1)) };
  const begin = performance.now();
  for (let run = 0; run < 4; run++) await executor.run(loaded, feeds);
  const wall = performance.now() - begin;
  await executor.dispose();

  const profile = await readProfile(folder, 2);
  expect(profile.kernelMs).toBeGreaterThan(0);
  expect(profile.kernelMs).toBeLessThanOrEqual(profile.runMs);
  expect(2 * profile.runMs).toBeLessThan(wall);
  expect(profile.byOperator.map(({ name }) => name)).toContain('MatMul');
  expect(profile.byNode.find(({ name }) => name.includes('MatMul'))?.name).toContain('[96×96] · [96×96]');
  await expect(readProfile(folder, 5)).rejects.toThrow('tells of 4 runs, not of 5');
});

it('a folder without a profile is an error', async () => {
  await expect(readProfile(folder, 1)).rejects.toThrow('left no profile');
});
