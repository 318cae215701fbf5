import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { commands } from '../../../src/kernel/cli/commands';
import { runProgram } from '../../../src/kernel/cli/program';
import { withFolder, writePng, writeText } from '../datasets/folder';
import { KeptStreams } from './streams';

async function run(...args: string[]) {
  const streams = new KeptStreams();
  const interrupts = { signal: new AbortController().signal, exitCode: 143 };
  const code = await runProgram(['data', ...args], commands, streams, interrupts);
  return { code, out: streams.out, err: streams.err };
}

/** Two pictures of one patient, the second with an empty mask. */
async function writeData(folder: string): Promise<void> {
  for (const [name, side] of [
    ['a', 3],
    ['b', 0],
  ] as const) {
    await writePng(path.join(folder, `${name}.png`), 8, 6, [0, 0, 8, 6], 40);
    await writePng(path.join(folder, `${name}-mask.png`), 8, 6, [0, 0, side, side]);
  }
  await writeText(path.join(folder, 'pairs.csv'), 'image,mask,group\na.png,a-mask.png,p\nb.png,b-mask.png,p\n');
}

describe('med-sa data', () => {
  it('tells layout, counts and classes, and warns', async () => {
    await withFolder(async (folder) => {
      await writeData(folder);
      const { code, out } = await run(folder);
      expect([code, out.split('\n')]).toEqual([
        0,
        [
          `${folder}: layout pairs, 2 pictures of 1 group`,
          'class   cases  slices',
          'target      1       1',
          'warning: all cases are of one group (patient): nothing can be held out for validation from this folder',
          'warning: 1 case has an empty mask: b.png',
          '',
        ],
      ]);
    });
  });

  it('gives the same as JSON, and reads no mask with --quick', async () => {
    await withFolder(async (folder) => {
      await writeData(folder);
      const full: unknown = JSON.parse((await run(folder, '--json')).out);
      expect(full).toMatchObject({ layout: 'pairs', cases: 2, classes: [{ name: 'target', cases: 1, slices: 1 }] });
      const quick: unknown = JSON.parse((await run(folder, '--json', '--quick')).out);
      expect(quick).toMatchObject({ classes: [{ name: 'target', cases: 2, slices: null }] });
    });
  });

  it('fails in one line', async () => {
    await withFolder(async (folder) => {
      const { code, out, err } = await run(folder);
      expect([code, out]).toEqual([1, '']);
      expect(err.trimEnd()).toMatch(/is of no known layout/);
      expect((await run(folder, '--layout', 'brats')).err).toMatch(/not of the layout "brats"/);
      expect((await run(folder, '--layout', 'nnunet')).err).toMatch(/dataset\.json does not exist/);
    });
  });
});
