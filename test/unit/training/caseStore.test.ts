import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDataset, type Case } from '../../../src/kernel/datasets';
import { openCases, type CaseStoreOptions } from '../../../src/kernel/training/caseStore';
import { temporaryFolder } from '../../support/temporaryFolder';
import { drawTinyVolumes } from '../../support/tinyVolumes';

const folder = temporaryFolder('case-store');
let cases: readonly Case[];
/** Pixels of a volume. */
const bytes = 32 * 28 * 10;

beforeAll(async () => {
  await drawTinyVolumes(path.join(folder, 'data'), 3);
  ({ cases } = await openDataset(path.join(folder, 'data')));
  process.env.MEDSA_CACHE = path.join(folder, 'cache');
});

/** Pictures of every slice of every case, and what of the data was read for them. */
async function picturesWith(options: CaseStoreOptions) {
  const store = await openCases(cases, options);
  // What is asked for from here on must not come from the data.
  const away = path.join(folder, 'away');
  fs.renameSync(path.join(folder, 'data'), away);
  try {
    const answers: (Uint8Array[] | null)[] = [];
    for (let index = 0; index < store.length; index++) {
      const item = await store.get(index).catch(() => null);
      answers.push(item && Array.from({ length: item.slices }, (_, slice) => item.picture(slice).rgb));
    }
    return answers;
  } finally {
    fs.renameSync(away, path.join(folder, 'data'));
  }
}

describe('cases that have been read', () => {
  it('are kept in memory, then on the disk, and look the same from either', async () => {
    const expected = await picturesWith({});
    expect(expected.every((pictures) => pictures !== null)).toBe(true);
    expect(await picturesWith({ maxBytes: bytes })).toEqual(expected);
    expect(await picturesWith({ maxBytes: 0 })).toEqual(expected);
  });

  it('are read again where neither has room', async () => {
    const all = await picturesWith({});
    expect(await picturesWith({ maxBytes: bytes, maxSpilled: bytes })).toEqual([all[0], all[1], null]);
    const store = await openCases(cases, { maxBytes: 0, maxSpilled: 0 });
    expect((await store.get(2)).picture(4).rgb).toEqual(all[2]![4]);
  });

  it.skipIf(process.platform === 'win32')('leave no file behind', async () => {
    await openCases(cases, { maxBytes: 0 });
    expect(fs.readdirSync(path.join(folder, 'cache', 'training-slices'))).toEqual([]);
  });

  it('tell which slices show which class, with progress, and stop when asked', async () => {
    const progress: string[] = [];
    const { outlines } = await openCases(cases, { onProgress: (...at) => progress.push(at.join('/')) });
    expect(progress).toEqual(['1/3', '2/3', '3/3']);
    for (const { slices, visible } of outlines) {
      expect(slices).toBe(10);
      expect([...visible.keys()].sort()).toEqual(['1', '2']);
      expect(visible.get('1')!.length).toBeGreaterThan(4);
    }
    await expect(openCases(cases, { signal: AbortSignal.abort() })).rejects.toThrow(/cancelled/);
  });
});
